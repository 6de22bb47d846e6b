import type { Either } from 'fp-ts/lib/Either.js'
import type { Waited } from '../model/fleet.ts'
import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'
import { askServer, type Unanswered } from './server.ts'

/** How the fleet stands to `position` (the end of the log without one), as soon as it is settled or after
 *  `timeoutMs`. */
export const askWait = async (
  server: string,
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

/** Writes to stderr how the fleet stands. */
export const reportWaited = (io: Io, waited: Waited): void => {
  const { position, acknowledged, unaffected, rejected, pending, silent } = waited
  io.err(
    `position ${position}: ${acknowledged} acknowledged, ${unaffected} unaffected, ${rejected} rejected, ${pending} pending, ${silent} silent`,
  )
  for (const { id, state } of waited.proxies) {
    if (state === 'rejected' || state === 'pending') io.err(`${state}: ${id}`)
  }
}

/** 0 when every proxy concerned has acknowledged; a proxy that is silent concerns nobody until it comes back. */
export const waitedExitCode = ({ rejected, pending }: Waited): number =>
  rejected + pending === 0 ? exitCodes.ok : exitCodes.findings
