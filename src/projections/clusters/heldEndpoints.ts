import { listenerName } from '../listeners/listeners.ts'
import type { ProjectedProxy } from '../projectedProxy.ts'
import type { Span } from '../views/concerns.ts'

/** Endpoints that callers are not told of yet, because the proxy in front of them was told only now to listen there. */
export type HeldEndpoints = {
  has(address: string, port: number): boolean
  /** Holds what is behind these listeners of `proxy`, which the steps of `span` brought. */
  hold(proxy: ProjectedProxy, listeners: readonly string[], span: Span): void
  /** Lets go of what is held for `proxy`, and says which steps brought it; `undefined` where nothing is. */
  free(proxy: ProjectedProxy): Span | undefined
}

/** Holds nothing yet. */
export const createHeldEndpoints = (): HeldEndpoints => {
  const byProxy = new Map<ProjectedProxy, { readonly listeners: ReadonlySet<string>; readonly span: Span }>()
  /** How many proxies a listener is waited for at: several may have one address. */
  const waits = new Map<string, number>()

  const count = (listener: string, by: 1 | -1): void => {
    const now = (waits.get(listener) ?? 0) + by
    if (now > 0) waits.set(listener, now)
    else waits.delete(listener)
  }
  const free = (proxy: ProjectedProxy): Span | undefined => {
    const held = byProxy.get(proxy)
    byProxy.delete(proxy)
    for (const listener of held?.listeners ?? []) count(listener, -1)
    return held?.span
  }

  return {
    has: (address, port) => waits.size > 0 && waits.has(listenerName(address, port)),
    hold: (proxy, listeners, span) => {
      const before = byProxy.get(proxy)
      free(proxy)
      const all = new Set([...(before?.listeners ?? []), ...listeners])
      byProxy.set(proxy, { listeners: all, span: { from: before?.span.from ?? span.from, to: span.to } })
      for (const listener of all) count(listener, 1)
    },
    free,
  }
}
