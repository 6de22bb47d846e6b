import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { ownNet } from '../ownNet.ts'
import { type RutterProcess, startRutter } from './rutterProcess.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

/** The commands of a chapter of the guide, one after the other, with what they are given on stdin. */
const commandsOf = (title: string): readonly string[] => {
  const chapter =
    readFileSync('docs/guide.md', 'utf8')
      .split(/^#+ /m)
      .find((one) => one.startsWith(title)) ?? ''
  const lines = [...chapter.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.trimEnd().split('\n'),
  )
  const commands: string[] = []
  let given = false
  for (const line of lines) {
    if (given) commands.push(`${commands.pop()}\n${line}`)
    else commands.push(line)
    given = given ? line !== 'END' : line.endsWith("<<'END'")
  }
  return commands
}

/** What a command that goes on says once it serves. */
const serves: readonly (readonly [RegExp, RegExp])[] = [
  [/^python3 -m http\.server/, /Serving HTTP/],
  [/^nats-server /, /Server is ready/],
  [/^npx rutter serve /, /serving http/],
  [/^npx rutter agent /, /^ready:/m],
]

describe.skipIf(envoy.skip || nats.skip)('docs/guide.md', () => {
  let directory = ''
  const running: RutterProcess[] = []
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rutter-guide-'))
  })
  afterEach(async () => {
    // What was started last goes first: an agent while there are controllers.
    for (const { child, ended } of running.splice(0).reverse()) {
      child.kill('SIGTERM')
      await ended
    }
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  test('K35: the commands of “On one machine, by hand” make a mesh over NATS that serves', async () => {
    writeFileSync(
      join(directory, 'npx'),
      `#!/bin/sh\nshift\nexec "${process.execPath}" "${resolve('dist/rutter.mjs')}" "$@"\n`,
      { mode: 0o755 },
    )
    const [client, monitor, http, xds, firstHttp, firstXds] = await Promise.all(
      Array.from({ length: 6 }, freePort),
    )
    const env = {
      PATH: [directory, dirname(nats.path), process.env['PATH']].join(':'),
      PYTHONUNBUFFERED: '1',
      RUTTER_ENVOY: envoy.path,
      RUTTER_NATS: `nats://127.0.0.1:${client}`,
      RUTTER_HTTP: `127.0.0.1:${firstHttp}`,
      RUTTER_XDS: `127.0.0.1:${firstXds}`,
    }
    // Another demo may have the addresses of the guide.
    const placed = (command: string): string =>
      command
        .replaceAll('127.0.1.', `${ownNet}.9.`)
        .replaceAll(':4222', `:${client}`)
        .replaceAll(':8222', `:${monitor}`)
        .replaceAll(':8081', `:${http}`)
        .replaceAll(':15011', `:${xds}`)
    const start = (command: string): RutterProcess =>
      startRutter(['-c', command], { command: 'bash', cwd: directory, env })

    const commands = commandsOf('On one machine, by hand').map(placed)
    expect(commands.length).toBeGreaterThan(9)
    const said: string[] = []
    for (const command of commands) {
      const [, says] = serves.find(([which]) => which.test(command)) ?? []
      const started = start(says === undefined ? command : `exec ${command}`)
      if (says === undefined) {
        expect([command, await started.ended, started.err()]).toEqual([command, 0, expect.any(String)])
        said.push(started.out())
      } else {
        running.push(started)
        await started.says(says)
      }
    }
    const answers = said.join('\n')
    expect(answers).toContain('hello.yaml')
    // An agent says how its Envoy does once a second at most.
    const proxies = commands.find((command) => command.startsWith('npx rutter proxies')) ?? ''
    const shown = async (): Promise<string> => {
      const asked = start(proxies)
      await asked.ended
      return asked.out()
    }
    await expect
      .poll(shown, { timeout: 30_000, interval: 500 })
      .toMatch(/^sidecar~.*client\.default~\S+ +sidecar +synced +yes/m)
    expect(answers).toMatch(/"files\/my-mesh is read (here|by controller )/)
  }, 180_000)
})
