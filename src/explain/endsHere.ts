import { clustersByName, type Emitted } from './emitted.ts'
import { type Json, mapAt, mapsAt, textAt } from './json.ts'

/** Says of those of the clusters `names` that have no endpoints, whoever comes and goes, that what is sent to them ends
 *  here; `undefined` where there are none. */
export const endsHere = (names: readonly string[], emitted: Emitted): string | undefined => {
  const known = clustersByName(emitted)
  const nobodys = names.filter((name) => isNobodys(known.get(name)))
  return nobodys.length === 0 ? undefined : `${nobodys.join(', ')} has no endpoints and connects to nobody`
}

const isNobodys = (cluster: Json | undefined): boolean =>
  textAt(cluster, 'type') === 'STATIC' &&
  mapsAt(mapAt(cluster, 'load_assignment'), 'endpoints').every(
    (group) => mapsAt(group, 'lb_endpoints').length === 0,
  )
