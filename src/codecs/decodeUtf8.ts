/** `bytes` as the text they are in UTF-8, a byte order mark left out. Where they are none, `text` ends before the first
 *  byte that cannot be read and `valid` is false. */
export const decodeUtf8 = (bytes: Uint8Array): { readonly text: string; readonly valid: boolean } => {
  const whole = decoded(bytes, false)
  if (whole !== undefined) return { text: whole, valid: true }
  let good = 0
  let bad = bytes.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (decoded(bytes.subarray(0, middle), true) === undefined) bad = middle
    else good = middle
  }
  return { text: decoded(bytes.subarray(0, good), true) ?? '', valid: false }
}

const decoded = (bytes: Uint8Array, mayEndWithin: boolean): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayEndWithin })
  } catch {
    return undefined
  }
}
