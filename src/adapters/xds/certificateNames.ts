import type { PeerCertificate } from 'node:tls'

/** The URIs and DNS names that a certificate is for, and its common name. */
export const certificateNames = ({ subject, subjectaltname = '' }: PeerCertificate): readonly string[] => {
  const alternatives = [...subjectaltname.matchAll(alternative)]
    .filter(([, kind]) => kind === 'URI' || kind === 'DNS')
    .map(([, , text = '']) => (text.startsWith('"') ? (JSON.parse(text) as string) : text))
  // There may be several, which the types do not say.
  const common: unknown = subject?.CN
  return [...alternatives, ...[common].flat().filter((name): name is string => typeof name === 'string')]
}

/** `DNS:a.example, URI:"text that Node quotes as JSON, because it holds a comma"`. */
const alternative = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g
