import type { Either } from 'fp-ts/lib/Either.js'
import type { Waited } from '../model/fleet.ts'
import { exitCodes } from './exitCodes.ts'
import { askServer, type Server, type Unanswered } from './server.ts'

/** How the fleet stands to `position` (the end of the log without one), as soon as it is settled or after
 *  `timeoutMs`. */
export const askWait = async (
  server: Server,
  position: number | undefined,
  timeoutMs: number,
): Promise<Either<Unanswered, Waited>> => {
  const query = new URLSearchParams({ timeout: `${Math.ceil(timeoutMs)}ms` })
  if (position !== undefined) query.set('position', String(position))
  return (await askServer(server, {
    path: `/api/v1/wait?${query}`,
    // The server answers at the bound; some seconds more for its answer to arrive.
    silenceMs: timeoutMs + 10_000,
  })) as Either<Unanswered, Waited>
}

/** How the fleet stands, in one line; then a line for each proxy that holds it up. */
export const waitedText = (waited: Waited): string => {
  const { position, acknowledged, unaffected, rejected, pending, silent } = waited
  return [
    `position ${position}: ${acknowledged} acknowledged, ${unaffected} unaffected, ${rejected} rejected, ${pending} pending, ${silent} silent`,
    ...waited.proxies
      .filter(({ state }) => state === 'rejected' || state === 'pending')
      .map(({ id, state }) => `${state}: ${id}`),
  ].join('\n')
}

/** 0 when every proxy concerned has acknowledged; a proxy that is silent concerns nobody until it comes back. */
export const waitedExitCode = ({ rejected, pending }: Waited): number =>
  rejected + pending === 0 ? exitCodes.ok : exitCodes.findings
