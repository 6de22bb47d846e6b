import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'

/** The service that ServiceEntries of one namespace declare for one host together, sorted by key: all of their ports,
 *  addresses and names. Of a port that several declare the first says what it speaks. Who gets one of them gets all. */
export const mergedEntries = (parts: readonly [CompiledService, ...CompiledService[]]): CompiledService => {
  const [first, ...more] = parts
  if (more.length === 0) return first
  const { exportTo: _, subnets: __, ...own } = first
  const ports = new Map<number, CompiledPort>()
  for (const part of parts)
    for (const port of part.ports) if (!ports.has(port.port)) ports.set(port.port, port)
  const subnets = parts.flatMap((part) => part.subnets ?? [])
  const exportTo = parts.flatMap((part) => part.exportTo ?? [])
  const toAll = parts.some((part) => part.exportTo === undefined || part.exportTo.length === 0)
  return {
    ...own,
    parts,
    addresses: [...new Set(parts.flatMap(({ addresses }) => addresses))],
    ...(subnets.length === 0 ? {} : { subnets: [...new Set(subnets)] }),
    ...(toAll ? {} : { exportTo }),
    ports: [...ports.values()],
  }
}
