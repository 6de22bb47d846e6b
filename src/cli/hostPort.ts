import { InvalidArgumentError } from 'commander'
import type { HostPort } from '../agent/bootstrap.ts'

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `name:8080`; throws what commander shows. `port` alone is on 127.0.0.1. */
export const parseHostPort = (text: string): HostPort => {
  const found = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]+)):)?(\d{1,5})$/.exec(text)
  const port = Number(found?.[3] ?? Number.NaN)
  if (!(port <= 65_535))
    throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.')
  return { host: found?.[1] ?? found?.[2] ?? '127.0.0.1', port }
}
