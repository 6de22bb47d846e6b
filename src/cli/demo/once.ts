import { exitCodes } from '../exitCodes.ts'
import type { Io } from '../io.ts'
import { type Place, reviewsRule } from './bookinfo.ts'
import type { DemoMesh } from './demoMesh.ts'
import { callMany } from './load.ts'
import { isAsExpected, type Split, splitOf, splitText } from './split.ts'

/** Binomial noise of a 90/10 split over 2,000 requests is 0.7 points; three are beyond four sigma. */
const tolerancePoints = 3

const warmUp = { requests: 200, expected: { v1: 100 } }
const shift = { requests: 2_000, expected: { v1: 90, v2: 10 } }

/** The scripted traffic shift: all to v1, then 90/10. 0 when both splits are as the rules say and nothing failed. */
export const once = async (
  mesh: DemoMesh,
  place: Place,
  { envoy, output, io }: { readonly envoy: string; readonly output: string; readonly io: Io },
): Promise<number> => {
  if (output !== 'json') io.out(`Envoy ${envoy}\n`)
  let good = true
  let seen: Split = {}
  for (const { requests, expected } of [warmUp, shift]) {
    io.err(`Rule reviews: ${splitText(expected)}; sending ${requests} requests …`)
    await mesh.apply(reviewsRule(expected))
    const answers = await callMany(place, requests)
    const failed = answers.filter((answer) => answer.failed).length
    seen = splitOf(
      answers.flatMap(({ versions }) => versions['reviews'] ?? []),
      expected,
    )
    if (failed > 0) io.err(`${failed} of ${requests} requests failed`)
    good &&= failed === 0 && isAsExpected(seen, expected, tolerancePoints)
    if (output !== 'json') io.out(`reviews  ${splitText(seen)}  (expected ${splitText(expected)})\n`)
  }
  const { requests, expected } = shift
  if (output === 'json') io.out(`${JSON.stringify({ envoy, requests, expected, seen })}\n`)
  if (!good) io.err(`the split is not as it should be (±${tolerancePoints} points, no failure)`)
  return good ? exitCodes.ok : exitCodes.findings
}
