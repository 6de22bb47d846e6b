import type { XdsType } from '../model/xds.ts'

/** Names of resources that changed, by type, being collected. */
export type Changes = Readonly<Record<XdsType, Set<string>>>

export const noChanges = (): Changes => ({
  clusters: new Set(),
  endpoints: new Set(),
  listeners: new Set(),
  routes: new Set(),
})

export const isEmpty = (changes: Changes): boolean =>
  changes.clusters.size + changes.endpoints.size + changes.listeners.size + changes.routes.size === 0
