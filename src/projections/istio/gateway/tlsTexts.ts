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

/** True for a SHA-256 of a public key in base64, as Envoy takes it. */
export const isSpki = (text: string): boolean => /^[A-Za-z0-9+/]{43}=$/.test(text)

/** True for a SHA-256 of a certificate in hex, with colons or without. */
export const isHash = (text: string): boolean =>
  /^[0-9a-fA-F]{64}$/.test(text) || /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){31}$/.test(text)
