/** A JSON object: a piece of Envoy configuration in canonical form with snake_case names. */
export type Json = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The map at `key`, or `undefined`. */
export const mapAt = (json: Json | undefined, key: string): Json | undefined => {
  const value = json?.[key]
  return isMap(value) ? value : undefined
}

/** The maps of the list at `key`; none where it is absent. */
export const mapsAt = (json: Json | undefined, key: string): readonly Json[] => {
  const value = json?.[key]
  return Array.isArray(value) ? value.filter(isMap) : []
}

/** The texts of the list at `key`; none where it is absent. */
export const textsAt = (json: Json | undefined, key: string): readonly string[] => {
  const value = json?.[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The text at `key`, or `undefined`. */
export const textAt = (json: Json | undefined, key: string): string | undefined => {
  const value = json?.[key]
  return typeof value === 'string' ? value : undefined
}

/** The number at `key` (64-bit numbers are texts in canonical JSON), or `undefined`. */
export const numberAt = (json: Json | undefined, key: string): number | undefined => {
  const value = json?.[key]
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : undefined
}

/** True where `true` stands at `key`. */
export const flagAt = (json: Json | undefined, key: string): boolean => json?.[key] === true

/** The name of the field of `oneof` that is set, or `undefined`. */
export const setOf = <Name extends string>(
  json: Json | undefined,
  oneof: readonly Name[],
): Name | undefined => oneof.find((name) => json?.[name] !== undefined)

/** The keys of `json` that `known` does not hold: what nobody here evaluates. */
export const othersIn = (json: Json, known: ReadonlySet<string>): readonly string[] =>
  Object.keys(json).filter((key) => !known.has(key))
