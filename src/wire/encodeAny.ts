import { deepestNesting, type Encode, messageEncoder } from './encodeMessage.ts'
import { isWellKnown } from './encodeWellKnown.ts'
import { nearest } from './nearest.ts'
import { full, locate, type Problems, report, shown } from './problems.ts'
import { messageNames, messageSchema } from './schema.ts'
import { messageNameOf } from './typeUrls.ts'
import { writeHead, writeTextField, written } from './writer.ts'

/** Writes an Any: `@type` and the message's own fields, or `value` where its JSON is no object (`"1s"`). */
export const encodeAny: Encode = (writer, json, problems, depth) => {
  if (depth > deepestNesting) return report(problems, `nested deeper than ${deepestNesting} messages`)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return report(problems, `expected an object with "@type", got ${shown(json)}`)
  }
  const { '@type': typeUrl, ...fields } = json as Readonly<Record<string, unknown>>
  if (typeUrl === undefined && Object.keys(fields).length === 0) return
  const name = typeUrl === undefined ? undefined : knownName(typeUrl, problems)
  if (typeUrl === undefined) report(problems, '"@type" is missing')
  if (name === undefined || typeof typeUrl !== 'string') return
  const before = written(writer)
  if (isWellKnown(name)) encodeValueOf(name)(writer, fields, problems, depth + 1)
  else messageEncoder(name)(writer, fields, problems, depth + 1)
  if (written(writer) > before) writeHead(writer, 2, before)
  writeTextField(writer, 1, typeUrl)
}

/** `; did you mean …?` for a type that does not exist: by the last part of its name, the package is often wrong too. */
export const nearestType = (name: string): string => {
  const last = lastPart(name)
  const sameLast = messageNames().filter((known) => lastPart(known) === last)
  if (sameLast.length > 0 && last !== '') return `; did you mean ${sameLast.slice(0, 3).join(' or ')}?`
  return nearest(name, messageNames())
}

const knownName = (typeUrl: unknown, problems: Problems): string | undefined => {
  if (full(problems)) return undefined
  const before = problems.length
  const name = typeof typeUrl === 'string' ? messageNameOf(typeUrl) : ''
  if (typeof typeUrl !== 'string') report(problems, `expected a type URL, got ${shown(typeUrl)}`)
  else if (!typeUrl.includes('/'))
    report(problems, `expected a type URL such as "type.googleapis.com/${shown(name).slice(1, -1)}"`)
  else if (messageSchema(name) === undefined)
    report(problems, `unknown type ${shown(typeUrl)}${nearestType(name)}`)
  else return name
  locate(problems, before, '@type')
  return undefined
}

const encodeValueOf =
  (name: string): Encode =>
  (writer, json, problems, depth) => {
    const { value, ...others } = json as Readonly<Record<string, unknown>>
    const before = problems.length
    if (value === undefined) return report(problems, `"value" of ${name} is missing`)
    messageEncoder(name)(writer, value, problems, depth)
    locate(problems, before, 'value')
    for (const key of Object.keys(others)) {
      const since = problems.length
      report(problems, `only "@type" and "value" belong into an Any of ${name}`)
      locate(problems, since, key)
    }
  }

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1)
