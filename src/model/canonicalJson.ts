/** The RFC 8785 (JCS) text of `value`: no white space, members sorted by UTF-16 code unit, numbers and strings as
 *  ECMAScript writes them; members that are `undefined` are left out. Throws a TypeError on what JSON cannot say
 *  exactly: lone surrogates, NaN, infinities, functions, bigints, holes in arrays, instances of classes. */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`no JSON for the number ${value}`)
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? list(value) : record(value)
    default:
      throw new TypeError(`no JSON for ${typeof value}`)
  }
}

const list = (values: readonly unknown[]): string => {
  let text = '['
  for (let i = 0; i < values.length; i += 1) text += (i === 0 ? '' : ',') + canonicalJson(values[i])
  return `${text}]`
}

const record = (value: object): string => {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('no JSON for a class instance')
  let text = ''
  for (const key of sortedKeys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

// Records read from canonical text are sorted already; looking is cheaper than sorting.
const sortedKeys = (value: object): string[] => {
  const keys = Object.keys(value)
  for (let i = 1; i < keys.length; i += 1) {
    if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort()
  }
  return keys
}

const plain = /^[ !#-[\]-~]*$/
const loneSurrogate = /\p{Surrogate}/u

const quoted = (text: string): string => {
  if (plain.test(text)) return `"${text}"`
  if (loneSurrogate.test(text)) throw new TypeError(`a lone surrogate in ${JSON.stringify(text)}`)
  return JSON.stringify(text)
}
