import { isRight } from 'fp-ts/lib/Either.js'
import { natsServerProgram } from '../src/adapters/outsidePrograms/natsServerProgram.ts'

/** A nats-server for tests (`RUTTER_NATS_SERVER`, PATH, the cache), or why there is none:
 *  `const nats = await natsServerOrSkip()` and `describe.skipIf(nats.skip)`. Throws where `RUTTER_REQUIRE_NATS` asks
 *  that tests fail rather than skip. */
export const natsServerOrSkip = async (): Promise<{ readonly path: string; readonly skip: boolean }> => {
  const found = await natsServerProgram.find(process.env)
  if (isRight(found)) return { path: found.right.path, skip: false }
  const reason = `no nats-server: ${found.left.problem}; ${found.left.advice}`
  if (process.env['RUTTER_REQUIRE_NATS']) throw new Error(reason)
  console.warn(`skipped: ${reason}`)
  return { path: '', skip: true }
}
