import type { seen } from '../projections/istio/following.ts'

type Json = Readonly<Record<string, unknown>>

/** What a proxy gets as one static configuration: its listeners with their routes inside. */
export const staticRendering = (
  world: ReturnType<typeof seen>,
): { readonly clusters: readonly Json[]; readonly listeners: readonly Json[] } => {
  const all = (type: 'clusters' | 'listeners') =>
    world.names(type).map((name) => world.json(type, name) ?? {})
  const withRoutes = (listener: Json): Json =>
    JSON.parse(JSON.stringify(listener), (_, value) => {
      if (value?.rds === undefined) return value
      const { rds, ...rest } = value
      return { ...rest, route_config: world.json('routes', rds.route_config_name) }
    }) as Json
  return { clusters: all('clusters'), listeners: all('listeners').map(withRoutes) }
}
