import { fraction, percentText } from './fraction.ts'
import { headerRefusal } from './headerRefusal.ts'
import { type Json, mapAt, mapsAt, numberAt, textAt, textsAt } from './json.ts'
import type { SeenRequest } from './seenRequest.ts'

/** What an HTTPFault does to a request: the status that it ends it with, where it does so for certain; and in words what
 *  it does besides, by chance or by what is not evaluated. */
export type Fault = { readonly abortStatus?: number; readonly words: readonly string[] }

/** What the HTTPFault `fault` does to the request, which its route sends to one of `clusters`. */
export const faultOn = (fault: Json, request: SeenRequest, clusters: readonly string[]): Fault => {
  const [delay, abort] = [mapAt(fault, 'delay'), mapAt(fault, 'abort')]
  if (delay === undefined && abort === undefined) return { words: [] }
  const upstream = textAt(fault, 'upstream_cluster')
  if (upstream !== undefined && !clusters.includes(upstream)) return { words: [] }
  for (const header of mapsAt(fault, 'headers')) {
    const refusal = headerRefusal(header, request.headers)
    if (refusal !== undefined) return { words: [`not injected: ${refusal}`] }
  }
  if (textsAt(fault, 'downstream_nodes').length > 0) return { words: ['not evaluated: downstream_nodes'] }
  const words = [...delayWords(delay), ...abortWords(abort)]
  if (upstream !== undefined && clusters.length > 1)
    return { words: words.map((one) => `${one} of what goes to ${upstream}`) }
  return { words, ...certainAbort(abort) }
}

const share = (part: Json): number => fraction(mapAt(part, 'percentage'))

const delayWords = (delay: Json | undefined): readonly string[] => {
  if (delay === undefined) return []
  if (mapAt(delay, 'header_delay') !== undefined) return ['not evaluated: header_delay']
  return share(delay) === 0
    ? []
    : [`delays ${percentText(share(delay))} by ${textAt(delay, 'fixed_delay') ?? '0s'}`]
}

const abortWords = (abort: Json | undefined): readonly string[] => {
  if (abort === undefined) return []
  if (mapAt(abort, 'header_abort') !== undefined) return ['not evaluated: header_abort']
  return share(abort) === 0 ? [] : [`aborts ${percentText(share(abort))} with ${statusOf(abort)}`]
}

const certainAbort = (abort: Json | undefined): Pick<Fault, 'abortStatus'> =>
  abort !== undefined && mapAt(abort, 'header_abort') === undefined && share(abort) === 1
    ? { abortStatus: statusOf(abort) }
    : {}

// A gRPC status goes out in a response of 200.
const statusOf = (abort: Json): number => numberAt(abort, 'http_status') ?? 200
