import { nominatedHeaders } from './nominatedHeaders.ts'
import type { SentRequest } from './sentRequest.ts'

/** Why Envoy answers a request before it looks at what it is told, and with which status. */
export type Refusal = { readonly status: number; readonly why: string }

/** Why the HTTP/1.1 codec of Envoy 1.40 refuses `request`; `undefined` where it does not. */
export const codecRefusal = (request: SentRequest): Refusal | undefined => {
  const { method, authority, path, headers } = request
  const lines = [...headers].flatMap(([name, values]) => values.map((value) => [name, value] as const))
  if (!methods.has(method)) return { status: 400, why: `Envoy knows no method ${method} of HTTP/1.1` }
  const bytes = [
    `${method} ${path} HTTP/1.1`,
    `host: ${authority}`,
    ...lines.map((line) => line.join(': ')),
    '',
  ].reduce((sum, line) => sum + Buffer.byteLength(line, 'latin1') + 2, 0)
  if (bytes > mostBytes) return { status: 431, why: `its head has ${bytes} bytes, of ${mostBytes} at most` }
  if (lines.length + 1 > mostLines)
    return { status: 431, why: `it has ${lines.length + 1} headers, of ${mostLines} at most` }
  const bad = lines.find(([, value]) => controls.test(value))
  if (bad !== undefined) return { status: 400, why: `header ${bad[0]} holds a control character` }
  const origin = nominatedHeaders(request).find((name) => name.startsWith(':') || origins.has(name))
  if (origin !== undefined) return { status: 400, why: `connection names ${origin}` }
  if (!authorityForm.test(authority))
    return { status: 400, why: `${JSON.stringify(authority)} is no authority` }
  return undefined
}

// To take these away would hide where a request comes from.
const origins: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])

const mostBytes = 60 * 1024
const mostLines = 100

// Others pass where `allow_custom_methods` says so, which nobody here does.
const methods: ReadonlySet<string> = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS ' +
    'PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\x00-\x08\x0a-\x1f\x7f]/

const authorityForm = /^[\w!$%&'()*+,\-.:;=@[\]~]*$/
