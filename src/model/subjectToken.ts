/** `text` as one token of a subject of NATS: every byte but `A–Z a–z 0–9 - _` as `=XX` (contract §7). Different texts
 *  have different tokens, and no token is a wildcard. */
export const subjectToken = (text: string): string =>
  [...new TextEncoder().encode(text)]
    .map((byte) => {
      const letter = String.fromCharCode(byte)
      return /[A-Za-z0-9_-]/.test(letter) ? letter : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
