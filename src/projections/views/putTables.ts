import type { Changes } from './changes.ts'
import type { Slice } from './slice.ts'
import { standingTables } from './standingTables.ts'
import type { RouteTable, View } from './view.ts'

/** Puts the virtual hosts of `slice`, and the route configurations that its listeners name, in place of those of
 *  `before`, and notes what that changes. */
export const putTables = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const table of slice?.tables ?? []) {
    if (!view.tables.has(table)) changes.routes.add(table)
    ;(view.tables.get(table) ?? newTable(view, table)).namedBy.add((slice as Slice).owner)
  }
  for (const { table, part } of slice?.virtualHosts ?? []) {
    const stands = view.tables.get(table) ?? newTable(view, table)
    const before = stands.parts.get(part.name)
    stands.parts.set(part.name, part)
    if (before?.version === part.version) continue
    stands.resource = undefined
    changes.routes.add(table)
  }
  for (const { table, part } of before?.virtualHosts ?? []) {
    if (slice?.virtualHosts.some((is) => is.table === table && is.part.name === part.name)) continue
    const stands = view.tables.get(table)
    // Another slice may have put one of its own in this place.
    if (stands?.parts.get(part.name) !== part) continue
    stands.parts.delete(part.name)
    stands.resource = undefined
    dropIfUnused(view, table)
    changes.routes.add(table)
  }
  for (const table of before?.tables ?? []) {
    if (slice?.tables?.includes(table)) continue
    view.tables.get(table)?.namedBy.delete((before as Slice).owner)
    dropIfUnused(view, table)
    if (!view.tables.has(table)) changes.routes.add(table)
  }
}

const dropIfUnused = (view: View, table: string): void => {
  const stands = view.tables.get(table)
  const isUsed = standingTables(view.variant).includes(table) || (stands?.namedBy.size ?? 0) > 0
  if (stands?.parts.size === 0 && !isUsed) view.tables.delete(table)
}

const newTable = (view: View, table: string): RouteTable => {
  const made: RouteTable = { parts: new Map(), namedBy: new Set(), resource: undefined }
  view.tables.set(table, made)
  return made
}
