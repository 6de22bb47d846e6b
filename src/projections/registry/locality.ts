/** A place, `region/zone/subzone`: what is not known is empty, or left out at the end; '' where nothing is known. */
export type Locality = string

/** The locality that the zone of an instance names: a zone alone, or `region/zone`, `region/zone/subzone`. */
export const localityOfZone = (zone: string | undefined): Locality =>
  zone === undefined ? '' : trimmed(zone.includes('/') ? zone : `/${zone}`)

/** Without the separators of what is left out at the end. */
export const trimmed = (locality: string): Locality => locality.replace(/\/+$/, '')

/** Region, zone and subzone, empty where they are not known. */
export const partsOfLocality = (locality: Locality): readonly [string, string, string] => {
  const [region = '', zone = '', subzone = ''] = locality.split('/')
  return [region, zone, subzone]
}

/** Whether `locality` is what `pattern` names; `*`, or what is left out at the end, stands for any. */
export const isWithin = (locality: Locality, pattern: string): boolean => {
  const wanted = pattern.split('/')
  return partsOfLocality(locality).every((part, i) => {
    const its = wanted[i] ?? ''
    return its === '' || its === '*' || its === part
  })
}

/** How many of region, zone and subzone both have in common, from the region on: 0 to 3. */
export const sharedParts = (one: Locality, other: Locality): number => {
  const [its, others] = [partsOfLocality(one), partsOfLocality(other)]
  const differing = its.findIndex((part, i) => part !== others[i])
  return differing === -1 ? its.length : differing
}
