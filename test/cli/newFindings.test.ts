import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startController } from '../../src/cli/startController.ts'
import { rule, service } from './documents.ts'

test('K23: what is the matter with a watched directory is told once, and when it is over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rutter-findings-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'service.yaml'), service('reviews'))
  await writeFile(join(directory, 'rule.yaml'), rule('r', 90, 20))
  const told: string[] = []
  const { close } = await startController({
    log: 'memory',
    config: directory,
    http: { host: '127.0.0.1', port: 0 },
    xds: { host: '127.0.0.1', port: 0 },
    version: 'test',
    notice: (message) => told.push(message),
    lost: () => {},
  })
  onTestFinished(close)
  expect(told).toEqual([expect.stringMatching(/^\S+: error RUT1318 .*rule\.yaml:\d+:\d+ /)])

  // Another problem beside it: the old one is not told again.
  await writeFile(join(directory, 'other.yaml'), 'kind: [')
  await vi.waitFor(() => expect(told).toHaveLength(2), 10_000)
  expect(told[1]).toMatch(/other\.yaml:1:/)

  await writeFile(join(directory, 'rule.yaml'), rule('r', 90))
  await rm(join(directory, 'other.yaml'))
  await vi.waitFor(() => expect(told.at(-1)).toBe(`${directory}: nothing is the matter any more`), 10_000)
})
