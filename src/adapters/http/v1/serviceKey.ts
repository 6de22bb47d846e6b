import { byCodeUnit } from '../../../model/resourceName.ts'

/** What a service key of 2017 names: a service, some of its ports, instances with any of some sets of labels. */
export type ServiceKey = {
  readonly hostname: string
  /** By name; none: all. */
  readonly ports: readonly string[]
  /** None: all instances. */
  readonly labels: readonly Readonly<Record<string, string>>[]
}

/** `host|ports|labels`: names of ports joined by commas, sets of labels `k=v` joined by commas and then by semicolons,
 *  all sorted (Pilot of 2017, model/service.go). */
export const serviceKeyText = ({ hostname, ports, labels }: ServiceKey): string => {
  const sets = labels
    .map((set) =>
      Object.entries(set)
        .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
        .sort(byCodeUnit)
        .join(','),
    )
    .sort(byCodeUnit)
  const names = [...ports].sort(byCodeUnit).join(',')
  if (sets.length === 0) return names === '' ? hostname : `${hostname}|${names}`
  return `${hostname}|${names}|${sets.join(';')}`
}

/** Reads a service key; whatever it holds, it is one. */
export const parseServiceKey = (text: string): ServiceKey => {
  const [hostname = '', ports = '', labels = ''] = text.split('|')
  return {
    hostname,
    ports: ports.split(',').filter((name) => name !== ''),
    labels: labels
      .split(';')
      .filter((set) => set !== '')
      .map((set) =>
        Object.fromEntries(
          set.split(',').map((label) => {
            const at = label.indexOf('=')
            return at === -1 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)]
          }),
        ),
      ),
  }
}
