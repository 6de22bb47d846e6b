import type { Position } from '../model/entry.ts'
import type { XdsResource, XdsType } from '../model/xds.ts'

/** What one proxy should have, as of `position()`. Lookups are lazy, so that a proxy costs what it reads; the
 *  resources behind them are shared by all proxies that get the same bytes. */
export type Intended = {
  /** False for a bare node: each type on its own, no ordering, no grace. */
  readonly managed: boolean
  position(): Position
  /** Every name of `type`, each once. */
  names(type: XdsType): Iterable<string>
  get(type: XdsType, name: string): XdsResource | undefined
}

/** Names whose resource came, changed or went between two positions, by type. */
export type IntendedChange = Readonly<Record<XdsType, readonly string[]>>
