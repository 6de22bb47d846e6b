import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCli } from '../cli/runCli.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { expectShiftTold } from './expectShiftTold.ts'
import { processesOf } from './processesOf.ts'
import { startRutter } from './rutterProcess.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip || process.platform !== 'linux')('rutter demo', () => {
  let temporary = ''
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'rutter-demo-test-'))
  })
  afterEach(() => rm(temporary, { recursive: true, force: true }))

  const env = () => ({ RUTTER_ENVOY: envoy.path, TMPDIR: temporary })
  const nothingLeft = async (): Promise<void> => {
    // What cleans up after a demo that was killed needs a moment.
    for (let tries = 0; tries < 100 && (await processesOf(temporary)).length > 0; tries += 1) await after(50)
    expect(await processesOf(temporary)).toEqual([])
  }

  test('K18: traffic goes where the rules say, told as one object', async () => {
    const demo = startRutter(['demo', '--once', '-o', 'json', '--http', '127.0.0.1:0'], { env: env() })
    expect(await demo.ended).toBe(0)
    expectShiftTold(demo.out())
    await nothingLeft()
    expect(await readdir(temporary)).toEqual([])
  }, 60_000)

  test('K19: SIGTERM ends a live demo and all that it started', async () => {
    const demo = startRutter(['demo', '--http', '127.0.0.1:0'], { env: env() })
    await demo.says(/reviews {2}v1 100\.0%/)
    expect((await processesOf(join(temporary, 'rutter-demo-'))).length).toBe(7)
    demo.child.kill('SIGTERM')
    expect(await demo.ended).toBe(0)
    await nothingLeft()
    expect(await readdir(temporary)).toEqual([])
  }, 60_000)

  test.each(['SIGKILL', 'SIGHUP'] as const)(
    'K19: %s leaves nothing behind either',
    async (signal) => {
      const demo = startRutter(['demo', '--http', '127.0.0.1:0'], { env: env() })
      await demo.says(/reviews {2}v1 100\.0%/)
      demo.child.kill(signal)
      expect(await demo.ended).toBe(signal)
      await nothingLeft()
      expect(await readdir(temporary)).toEqual([])
    },
    60_000,
  )

  test('K19: so does the death of what started it', async () => {
    const script = `"${process.execPath}" dist/rutter.mjs demo --http 127.0.0.1:0 & wait`
    const shell = startRutter(['-c', script], { env: env(), command: 'bash' })
    await shell.says(/reviews {2}v1 100\.0%/)
    shell.child.kill('SIGKILL')
    await nothingLeft()
    for (let tries = 0; tries < 100 && (await readdir(temporary)).length > 0; tries += 1) await after(50)
    expect(await readdir(temporary)).toEqual([])
  }, 60_000)
})

describe('the files of examples/demo', () => {
  test('K20: are valid, but the one that is refused', async () => {
    for (const name of await readdir('examples/demo')) {
      const { code, err } = await runCli(['lint', '-f', join('examples/demo', name)])
      if (name !== 'broken.yaml') expect({ name, code }).toEqual({ name, code: 0 })
      else {
        expect(code).toBe(65)
        expect(err).toMatch(/broken\.yaml:9:3 RUT1301 .*broken\.yaml:11:3 RUT1318 /s)
      }
    }
  })
})
