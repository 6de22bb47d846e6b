/** `text` as one token of a subject of NATS: every byte but `A–Z a–z 0–9 - _` as `=XX` (contract §7). Different texts
 *  have different tokens, and no token is a wildcard. */
export const subjectToken = (text: string): string => text.replace(/[^A-Za-z0-9_-]/gu, escaped)

const escaped = (letter: string): string => ascii[letter.codePointAt(0) as number] ?? bytesOf(letter)

const bytesOf = (letter: string): string => Array.from(new TextEncoder().encode(letter), hex).join('')

const hex = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`

/** Made once: a controller names thousands of subjects a second. */
const ascii = Array.from({ length: 128 }, (_, byte) => hex(byte))
