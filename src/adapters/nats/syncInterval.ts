/** How a server writes to its disk: `always` before it acknowledges, or every so many nanoseconds. */
export type SyncSetting = { readonly always: boolean; readonly everyMs: number }

const limitMs = 2_000

/** What the nats-server whose monitoring listens at `url` says; undefined when it does not. NATS's own protocol does
 *  not tell it (`/jsz?config=true` since 2.10). */
export const readSyncInterval = async (url: string): Promise<SyncSetting | undefined> => {
  try {
    const answer = await fetch(new URL('/jsz?config=true', url), { signal: AbortSignal.timeout(limitMs) })
    const { config } = (await answer.json()) as {
      readonly config?: { readonly sync_always?: unknown; readonly sync_interval?: unknown }
    }
    if (typeof config?.sync_interval !== 'number') return undefined
    return { always: config.sync_always === true, everyMs: config.sync_interval / 1e6 }
  } catch {
    return undefined
  }
}
