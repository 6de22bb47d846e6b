import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { AskedRequest } from '../model/askedRequest.ts'

/** A request as it leaves its client. */
export type SentRequest = {
  readonly tls: boolean
  /** Where the connection goes: the URL's host, without brackets, in lower case. */
  readonly host: string
  readonly port: number
  /** The connection goes to this socket of the file system instead. */
  readonly socket?: string
  readonly method: string
  /** The `Host` header where one is given (of several, all of them, as Envoy reads it), else the URL's. */
  readonly authority: string
  /** With the query. */
  readonly path: string
  /** Names in lower case, without `host`; a value for each line. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** It comes with its client's certificate, as it must where nothing else is let in; absent: without. */
  readonly showsCertificate?: boolean
}

/** Reads a request. Left says in a sentence what cannot be sent. */
export const readRequest = ({ method, url, socket, headers }: AskedRequest): Either<string, SentRequest> => {
  if (!token.test(method)) return left(`${JSON.stringify(method)} is no HTTP method`)
  const parts = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i.exec(url)
  const place = parts === null ? undefined : placeOf(parts[2] ?? '')
  if (parts === null || place === undefined)
    return left(`${JSON.stringify(url)} is no URL such as http://reviews:9080/path`)
  const [, scheme = '', urlAuthority = '', rest = ''] = parts
  if (!/^[\x21-\x7e]*$/.test(rest))
    return left('the path of the URL holds a space, or what is not ASCII; write it as %XX')
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => [name.toLowerCase(), one.trim()] as const),
  )
  const bad = lines.find(([name, value]) => !token.test(name) || /[\0\r\n]/.test(value))
  if (bad !== undefined) return left(`${JSON.stringify(bad[0])} is no header that can be sent`)
  const tls = scheme.toLowerCase() === 'https'
  const sent = new Map<string, string[]>()
  for (const [name, value] of lines) sent.set(name, [...(sent.get(name) ?? []), value])
  const authority = sent.get('host')?.join(',') ?? urlAuthority
  sent.delete('host')
  return right({
    tls,
    host: place.host.toLowerCase(),
    port: place.port ?? (tls ? 443 : 80),
    ...(socket !== undefined && { socket }),
    method,
    authority,
    path: rest.startsWith('/') ? rest : `/${rest}`,
    headers: sent,
  })
}

// RFC 9110 §5.6.2.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const placeOf = (
  authority: string,
): { readonly host: string; readonly port: number | undefined } | undefined => {
  const [whole, ipv6, name, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(authority) ?? []
  if (whole === undefined) return undefined
  const port = digits === undefined ? undefined : Number(digits)
  return port !== undefined && (port < 1 || port > 65_535) ? undefined : { host: ipv6 ?? name ?? '', port }
}
