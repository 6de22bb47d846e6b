/** Cipher suites of TLS 1.2 and older that Envoy's library knows (BoringSSL); those of 1.3 cannot be chosen. */
const cipherSuites: ReadonlySet<string> = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
])

/** True for a cipher suite that Envoy can be told; it refuses a listener with any other. */
export const isCipherSuite = (text: string): boolean => cipherSuites.has(text)

/** Curves of key agreement that Envoy's library knows (BoringSSL), by its own names and OpenSSL's. */
const curves: ReadonlyMap<string, string> = new Map([
  ...['X25519', 'X25519MLKEM768', 'MLKEM1024', 'P-256', 'P-384', 'P-521'].map((own) => [own, own] as const),
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** True for a curve that Envoy can be told; it refuses a listener with any other. */
export const isCurve = (text: string): boolean => curves.has(text)

/** The curves that `texts` name, each once, in their order: Envoy refuses a listener with one twice. */
export const curvesNamed = (texts: readonly string[]): readonly string[] => [
  ...new Set(texts.flatMap((text) => curves.get(text) ?? [])),
]

/** True for a SHA-256 of a public key in base64, as Envoy takes it. */
export const isSpki = (text: string): boolean => /^[A-Za-z0-9+/]{43}=$/.test(text)

/** True for a SHA-256 of a certificate in hex, with colons or without. */
export const isHash = (text: string): boolean =>
  /^[0-9a-fA-F]{64}$/.test(text) || /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){31}$/.test(text)
