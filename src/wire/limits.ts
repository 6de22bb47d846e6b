import { Buffer } from 'node:buffer'
import { shown } from './problems.ts'
import type { Rules } from './schema.ts'

/** Says what is wrong with a value of a field, or nothing. */
export type Limit<A> = (value: A) => string | undefined

/** The limits of a number, of an enum's number, or of a duration in seconds (`unit` is then `s`). */
export const numberLimit = (rules: Rules, unit = ''): Limit<number | bigint> | undefined => {
  const { gt, gte, lt, lte } = rules
  const among = amongLimit<number | bigint>(rules, Number)
  if (gt === undefined && gte === undefined && lt === undefined && lte === undefined) return among
  return (value) => {
    // Written so that NaN, which is neither more nor less, does not pass.
    if (gt !== undefined && !(value > gt)) return `must be more than ${gt}${unit}, got ${value}${unit}`
    if (gte !== undefined && !(value >= gte)) return `must be at least ${gte}${unit}, got ${value}${unit}`
    if (lt !== undefined && !(value < lt)) return `must be less than ${lt}${unit}, got ${value}${unit}`
    if (lte !== undefined && !(value <= lte)) return `must be at most ${lte}${unit}, got ${value}${unit}`
    return among?.(value)
  }
}

/** The limits of a text. Lengths count Unicode characters, `max_bytes` bytes of UTF-8. */
export const textLimit = (rules: Rules): Limit<string> | undefined =>
  allOf<string>([
    rules.min_len &&
      ((text) => tooShort(lengthOf(text, rules.min_len ?? 0), rules.min_len ?? 0, 'characters')),
    rules.max_len !== undefined && ((text) => tooLong([...text].length, rules.max_len ?? 0, 'characters')),
    rules.max_bytes !== undefined &&
      ((text) => tooLong(Buffer.byteLength(text), rules.max_bytes ?? 0, 'bytes')),
    rules.prefix &&
      ((text) =>
        text.startsWith(rules.prefix ?? '') ? undefined : `must begin with ${shown(rules.prefix)}`),
    rules.suffix &&
      ((text) => (text.endsWith(rules.suffix ?? '') ? undefined : `must end with ${shown(rules.suffix)}`)),
    rules.pattern !== undefined && patternLimit(rules.pattern),
    rules.well_known_regex !== undefined && headerLimit(rules.well_known_regex, rules.strict ?? true),
    amongLimit<string>(rules, (text) => text),
  ])

/** The limits of bytes; lengths count bytes. */
export const bytesLimit = (rules: Rules): Limit<Uint8Array> | undefined =>
  allOf<Uint8Array>([
    rules.min_len && ((bytes) => tooShort(bytes.length, rules.min_len ?? 0, 'bytes')),
    rules.max_len !== undefined && ((bytes) => tooLong(bytes.length, rules.max_len ?? 0, 'bytes')),
  ])

/** The one value that a bool may have. */
export const boolLimit = (rules: Rules): Limit<boolean> | undefined =>
  rules.const === undefined
    ? undefined
    : (value) => (value === rules.const ? undefined : `must be ${rules.const}`)

/** The limits of a list's or a map's size, and of a list's items being different. */
export const sizeLimit = (rules: Rules): Limit<readonly unknown[]> | undefined =>
  allOf<readonly unknown[]>([
    rules.min_items && ((list) => tooShort(list.length, rules.min_items ?? 0, 'items')),
    rules.min_pairs && ((list) => tooShort(list.length, rules.min_pairs ?? 0, 'entries')),
    rules.max_items !== undefined && ((list) => tooLong(list.length, rules.max_items ?? 0, 'items')),
    rules.unique &&
      ((list) => (new Set(list).size === list.length ? undefined : 'must not hold the same item twice')),
  ])

const allOf = <A>(limits: readonly (Limit<A> | false | undefined | 0 | '')[]): Limit<A> | undefined => {
  const set = limits.filter((limit) => typeof limit === 'function')
  if (set.length < 2) return set[0]
  return (value) => {
    for (const limit of set) {
      const problem = limit(value)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

const amongLimit = <A>(rules: Rules, plain: (value: A) => string | number): Limit<A> | undefined => {
  const { in: allowed, not_in: forbidden } = rules
  if (allowed !== undefined) {
    return (value) =>
      allowed.includes(plain(value))
        ? undefined
        : `must be one of ${allowed.map(shown).join(', ')}, got ${shown(value)}`
  }
  if (forbidden !== undefined) {
    return (value) =>
      forbidden.includes(plain(value)) ? `must not be ${forbidden.map(shown).join(' or ')}` : undefined
  }
  return undefined
}

const patternLimit = (pattern: string): Limit<string> => {
  // Envoy's own patterns are simple enough to mean the same in RE2 and in JavaScript.
  const regex = new RegExp(pattern, 's')
  return (text) => (regex.test(text) ? undefined : `must match ${pattern}, got ${shown(text)}`)
}

/** What protoc-gen-validate takes for an HTTP header's name and value, strictly and loosely. */
const headerPatterns: Readonly<Record<string, readonly [strict: RegExp, loose: RegExp]>> = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there
  HTTP_HEADER_NAME: [/^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/, /^[^\u0000\n\r]*$/],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there
  HTTP_HEADER_VALUE: [/^[^\u0000-\u0008\u000a-\u001f\u007f]*$/, /^[^\u0000\n\r]*$/],
}

const headerLimit = (kind: string, strict: boolean): Limit<string> => {
  const regex = headerPatterns[kind]?.[strict ? 0 : 1]
  if (regex === undefined) throw new Error(`the schema names an unknown pattern, ${kind}`)
  const what = kind === 'HTTP_HEADER_NAME' ? 'name' : 'value'
  return (text) =>
    regex.test(text) ? undefined : `must be the ${what} of an HTTP header, got ${shown(text)}`
}

/** Counts no further than is asked for: a long text need not be split. */
const lengthOf = (text: string, enough: number): number =>
  text.length >= enough * 2 ? enough : [...text].length

const tooShort = (size: number, least: number, unit: string): string | undefined =>
  size >= least
    ? undefined
    : least === 1
      ? 'must not be empty'
      : `must have at least ${least} ${unit}, has ${size}`

const tooLong = (size: number, most: number, unit: string): string | undefined =>
  size <= most ? undefined : `must have at most ${most} ${unit}, has ${size}`
