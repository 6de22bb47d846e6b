import { type HttpProblem, problem } from './problem.ts'

/** The media type of a body, lower case and without parameters; empty where the request names none. */
export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Why a body of these headers is not read, or `undefined`: another type than `reads`, a charset other than UTF-8,
 *  a content coding. A request without a body passes. */
export const unreadableBody = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
  reads: readonly string[],
): HttpProblem | undefined => {
  if (!hasBody(headers)) return undefined
  const coding = String(headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase()
  if (coding !== 'identity')
    return unsupported(`a body in content coding ${JSON.stringify(coding)} is not read`)
  const contentType = String(headers['content-type'] ?? '')
  const type = mediaTypeOf(contentType)
  if (!reads.includes(type))
    return unsupported(`a body of type ${JSON.stringify(type)} is not read; send ${reads.join(', ')}`)
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]?.toLowerCase()
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return undefined
  return unsupported(`a body in charset ${JSON.stringify(charset)} is not read; send UTF-8`)
}

const unsupported = (detail: string): HttpProblem => problem('unsupported-media-type', detail)

const hasBody = (headers: Readonly<Record<string, string | string[] | undefined>>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
