import type { ClientTls, DestinationRuleSpec, TrafficPolicy } from '../../model/istio/destinationRule.ts'

/** A `tls` of a DestinationRule: where it stands, and whether it is for a port. */
export type TlsPlace = {
  readonly path: string
  readonly tls: ClientTls
  isFor(port: number): boolean
}

/** Every `tls` of a rule, of the whole, of ports and of subsets. A port's settings replace all of their policy. */
export const tlsPlaces = ({ trafficPolicy, subsets = [] }: DestinationRuleSpec): readonly TlsPlace[] => [
  ...placesIn(trafficPolicy, '/spec/trafficPolicy'),
  ...subsets.flatMap((subset, i) => placesIn(subset.trafficPolicy, `/spec/subsets/${i}/trafficPolicy`)),
]

const placesIn = (policy: TrafficPolicy | undefined, path: string): readonly TlsPlace[] => {
  const { tls, portLevelSettings = [] } = policy ?? {}
  const ofPorts = new Set(portLevelSettings.map(({ port }) => port.number))
  return [
    ...(tls === undefined ? [] : [{ path: `${path}/tls`, tls, isFor: (port: number) => !ofPorts.has(port) }]),
    ...portLevelSettings.flatMap((settings, i) =>
      settings.tls === undefined
        ? []
        : [
            {
              path: `${path}/portLevelSettings/${i}/tls`,
              tls: settings.tls,
              isFor: (port: number) => port === settings.port.number,
            },
          ],
    ),
  ]
}
