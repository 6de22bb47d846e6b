import { type Json, mapsAt, textAt } from './json.ts'
import type { SentRequest } from './sentRequest.ts'

/** True for a request that asks to go on in another protocol; of HTTP/2 (`h2c`) Envoy takes no notice. */
export const isUpgrade = ({ headers }: SentRequest): boolean =>
  headers.has('upgrade') &&
  headers.get('upgrade')?.[0]?.toLowerCase() !== 'h2c' &&
  (headers.get('connection') ?? []).some((line) =>
    line.split(',').some((token) => token.trim().toLowerCase() === 'upgrade'),
  )

/** True unless the request asks for an upgrade that neither its route (`action`) nor the connection manager lets
 *  through: Envoy then answers 403. */
export const mayUpgrade = (action: Json | undefined, manager: Json, request: SentRequest): boolean => {
  if (!isUpgrade(request)) return true
  const asked = request.headers.get('upgrade')?.[0]?.toLowerCase()
  for (const level of [action, manager]) {
    const found = mapsAt(level, 'upgrade_configs').find(
      (upgrade) => textAt(upgrade, 'upgrade_type')?.toLowerCase() === asked,
    )
    if (found !== undefined) return found['enabled'] !== false
  }
  return false
}
