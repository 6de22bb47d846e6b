import type { CompiledPort, CompiledService, Declaration } from './compiledService.ts'

/** Who declares a port of a service, the first of them first: what is said of the port is what it says. */
export type Declarer = { readonly service: CompiledService; readonly port: CompiledPort }

/** The declarations that make up `service`: itself, or the ServiceEntries of its host. */
export const partsOf = (service: CompiledService): readonly CompiledService[] => service.parts ?? [service]

/** Those of `service` that declare `port` and agree on what it speaks and how it is found. */
export const declarersOf = (service: CompiledService, port: CompiledPort): readonly Declarer[] => {
  if (service.parts === undefined) return [{ service, port }]
  const all = service.parts.flatMap((part) => {
    const own = part.ports.find((one) => one.port === port.port)
    return own === undefined ? [] : [{ service: part, port: own }]
  })
  const [first] = all
  return first === undefined ? [] : all.filter((one) => agree(one, first))
}

/** What is declared of `port`, by the first who does. */
export const declarationOf = (service: CompiledService, port: CompiledPort | undefined): Declaration =>
  service.parts === undefined || port === undefined
    ? service
    : (declarersOf(service, port)[0]?.service ?? service)

/** The port at which the names that callers ask for are looked up, of a port that is found so. */
export const lookUpPortOf = (service: CompiledService, port: CompiledPort): number | undefined =>
  declarationOf(service, port).found.by === 'askedName'
    ? (declarersOf(service, port)[0]?.port.targetPort ?? port.port)
    : undefined

/** Whether what two declare of one port can hold at once. */
export const agree = (one: Declarer, other: Declarer): boolean =>
  one.port.protocol === other.port.protocol && one.service.found.by === other.service.found.by
