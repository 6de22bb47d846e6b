const decimal = /^[-+]?(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/

// Longer than every double written out in full.
const maxLength = 400

/** The number that the decimal `text` writes, if JSON gives the same decimal back when it is written again; else
 *  `undefined`: `9007199254740993`, `1e400`, hexadecimal, more digits than a double holds. */
export const exactNumber = (text: string): number | undefined => {
  if (text.length > maxLength) return undefined
  const number = Number(text)
  const written = digitsOf(text)
  if (written === undefined || !Number.isFinite(number)) return undefined
  // Adding 0 turns -0, which JSON writes as 0, into 0.
  return written === digitsOf(String(Math.abs(number))) ? number + 0 : undefined
}

/** One spelling for each value, its sign left out: `1.50e3` and `1500` are both `15e2`. */
const digitsOf = (text: string): string | undefined => {
  const found = decimal.exec(text)
  if (found === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = found
  const all = whole + fraction
  if (all === '') return undefined
  const digits = all.replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  if (end === 0) return '0'
  return `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}

/** Says of a number that a double cannot keep it. */
export const inexact = (digits: string): string =>
  `The number ${digits.length > 40 ? `${digits.slice(0, 39)}…` : digits} cannot be kept exactly; put it in quotes if it is a text.`
