import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { HostPort } from '../agent/bootstrap.ts'
import { canonicalIp, isCallable } from '../codecs/ipAddress.ts'
import { parseNodeId } from '../codecs/nodeId.ts'
import { parseHostPort } from './hostPort.ts'

/** Reads a node id. */
export const parseNode = (text: string): string => {
  const parsed = parseNodeId(text)
  if (isLeft(parsed)) throw new InvalidArgumentError(parsed.left)
  return text
}

/** Reads `127.0.1.1:15002`: an address, no name. */
export const parseIpPort = (text: string): HostPort => {
  const found = parseHostPort(text)
  if (isIP(found.host) === 0 || found.port === 0) {
    throw new InvalidArgumentError('It must be an IP and a port, such as 127.0.1.1:15002.')
  }
  return found
}

/** Reads `k=v,…`. */
export const parseLabels = (text: string): Readonly<Record<string, string>> => {
  const pairs = text.split(',').map((pair) => /^([^=]+)=(.*)$/.exec(pair))
  if (pairs.includes(null)) throw new InvalidArgumentError('It must be k=v, several joined by commas.')
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']))
}

/** Reads `10.1.0.7,fd00::7`, in canonical form. */
export const parseIps = (text: string): readonly string[] => {
  const ips = text.split(',').map((ip) => ip.trim())
  if (!ips.every(isCallable))
    throw new InvalidArgumentError('It must be IP addresses, joined by commas, such as 10.1.0.7,fd00::7.')
  return ips.map(canonicalIp)
}

/** Reads where an Envoy's admin listens: what has a slash is the path of a Unix socket. */
export const parseAdmin = (text: string): HostPort | { readonly path: string } =>
  text.includes('/') ? { path: resolvePath(text) } : parseHostPort(text)

/** The absolute path of a file. */
export const resolvePath = (path: string): string => resolve(path)
