import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { diagnosticPages } from '../../src/cli/diagnosticPages.ts'
import { runCli } from './runCli.ts'

const root = join(import.meta.dirname, '../..')
const pages = diagnosticPages()

const inTemporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-page-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

/** What lint says of a page's example: of a document as it stands, or of what a script makes. */
const lintExample = async (text: string): Promise<string> => {
  const [, form = '', example = ''] = /^## Example\n\n```(\w+)\n([\s\S]*?)\n```$/m.exec(text) ?? []
  const directory = inTemporary()
  if (form !== 'sh') {
    writeFileSync(join(directory, `rule.${form}`), example)
    return (await runCli(['lint', '-f', directory])).err
  }
  const [command = '', ...script] = example.split('\n').reverse()
  await promisify(execFile)('bash', ['-e', '-c', script.reverse().join('\n')], { cwd: directory })
  const args = command.split(' ').slice(1)
  return (
    await runCli(
      args.map((arg) => (/^\w+(\.yaml)?$/.test(arg) && arg !== 'lint' ? join(directory, arg) : arg)),
    )
  ).err
}

describe('the pages of codes', () => {
  test('K40: the list of codes names each page with its title', () => {
    const listed = readFileSync(join(root, 'docs/diagnostics/README.md'), 'utf8')
    const rows = [...listed.matchAll(/^\| \[(\w+)\]\(\1\.md\) \| \w+ +\| (.*?) +\|$/gm)]
    expect(rows.map(([, code, title]) => [code, title]).sort()).toEqual(
      [...pages.values()].map(({ code, title }) => [code, title]),
    )
  })

  test.each([...pages.values()])('K40: the example of $code brings it out', async ({ code, text }) => {
    expect(text).toMatch(new RegExp(`^# ${code}: .+\n\n(Severity: |Problem: )[\\s\\S]+\n## Cure\n\n.+\n$`))
    expect(await lintExample(text)).toMatch(new RegExp(` ${code} `))
  })

  test('K41: lint --explain prints the page of a code, and names the nearest where there is none', async () => {
    const { code, out } = await runCli(['lint', '--explain', 'rut2005'])
    expect([code, out]).toEqual([0, pages.get('RUT2005')?.text])
    expect(await runCli(['lint', '--explain', 'RUT205'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('Did you mean RUT2005?'),
    })
    expect((await runCli(['lint'])).code).toBe(64)
  })
})
