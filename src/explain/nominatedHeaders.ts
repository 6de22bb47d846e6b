import type { SentRequest } from './sentRequest.ts'

/** Names, in lower case, of the headers that a request's `connection` says are of this connection only: Envoy takes them
 *  away, and refuses a request that names so what tells its origin. */
export const nominatedHeaders = ({ headers }: Pick<SentRequest, 'headers'>): readonly string[] =>
  (headers.get('connection') ?? [])
    .flatMap((line) => line.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '' && !spoken.has(token))

// What `connection` says of itself.
const spoken: ReadonlySet<string> = new Set([
  'close',
  'keep-alive',
  'upgrade',
  'http2-settings',
  'connection',
])
