import { isMap } from '../../shapes/struct.ts'

/** What operations on headers were called before Istio 1.1, and are called since. */
const formerHeaders: readonly (readonly [former: string, of: 'request' | 'response', operation: string])[] = [
  ['appendHeaders', 'request', 'add'],
  ['appendRequestHeaders', 'request', 'add'],
  ['removeRequestHeaders', 'request', 'remove'],
  ['appendResponseHeaders', 'response', 'add'],
  ['removeResponseHeaders', 'response', 'remove'],
]

/** An HTTP route, or a destination of one, of Istio 0.8 to 1.1 in the words of today; anything else as it is. Where both say
 *  the same, the former word stays, to be refused. `mirror_percent` is the one word of Istio's CRD that has two
 *  spellings. WebSockets, which `websocketUpgrade: true` asked for, need no
 *  word any more. */
export const currentHttpRoute = (input: unknown): unknown => {
  if (!isMap(input)) return input
  let current = input
  for (const [former, of, operation] of formerHeaders) {
    if (!(former in current)) continue
    const { [former]: value, headers = {}, ...rest } = current
    if (!isMap(headers)) continue
    const { [of]: operations = {} } = headers
    if (!isMap(operations) || operation in operations) continue
    current = { ...rest, headers: { ...headers, [of]: { ...operations, [operation]: value } } }
  }
  if ('mirror_percent' in current && !('mirrorPercent' in current)) {
    const { mirror_percent: mirrorPercent, ...rest } = current
    current = { ...rest, mirrorPercent }
  }
  if (current['websocketUpgrade'] !== true) return current
  const { websocketUpgrade: _, ...rest } = current
  return rest
}
