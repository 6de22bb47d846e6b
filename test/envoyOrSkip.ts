import { isRight } from 'fp-ts/lib/Either.js'
import { envoyProgram } from '../src/adapters/outsidePrograms/envoyProgram.ts'

/** An Envoy for tests (`RUTTER_ENVOY`, PATH, the cache), or why there is none:
 *  `const envoy = await envoyOrSkip()` and `test.skipIf(envoy.skip)`. Throws where `RUTTER_REQUIRE_ENVOY` asks that
 *  tests fail rather than skip. */
export const envoyOrSkip = async (): Promise<{ readonly path: string; readonly skip: boolean }> => {
  const found = await envoyProgram.find(process.env)
  if (isRight(found)) return { path: found.right.path, skip: false }
  const reason = `no Envoy: ${found.left.problem}; ${found.left.advice}`
  if (process.env['RUTTER_REQUIRE_ENVOY']) throw new Error(reason)
  console.warn(`skipped: ${reason}`)
  return { path: '', skip: true }
}
