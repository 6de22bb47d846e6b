/** A key as a step of a JSON pointer (RFC 6901), with its `/`. */
export const pointerStep = (key: string | number): string =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
