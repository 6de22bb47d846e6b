import { type ConfigurableType, typeUrlOf } from '../../src/model/xds.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** A small resource of `type` whose content differs by `revision`, in Envoy's canonical JSON. */
export const bareResource = (type: ConfigurableType, name: string, revision: string): JsonObject => ({
  '@type': typeUrlOf[type],
  ...bodies[type](name, revision),
})

const bodies: Readonly<Record<ConfigurableType, (name: string, revision: string) => JsonObject>> = {
  clusters: (name, revision) => ({ name, alt_stat_name: revision }),
  endpoints: (name, revision) => ({
    cluster_name: name,
    endpoints: [
      {
        locality: { zone: revision },
        lb_endpoints: [
          { endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 80 } } } },
        ],
      },
    ],
  }),
  listeners: (name, revision) => ({
    name,
    stat_prefix: revision,
    address: { socket_address: { address: '127.0.0.1', port_value: 1 } },
  }),
  routes: (name, revision) => ({ name, virtual_hosts: [{ name: revision, domains: ['*'] }] }),
}

/** The name by which xDS knows it. */
export const nameIn = (type: ConfigurableType, body: JsonObject): string =>
  String(body[type === 'endpoints' ? 'cluster_name' : 'name'])

/** The revision it was made with. */
export const revisionIn = (type: ConfigurableType, body: JsonObject): string => {
  const first = (key: string) => (body[key] as readonly { name?: string; locality?: { zone?: string } }[])[0]
  switch (type) {
    case 'clusters':
      return String(body['alt_stat_name'])
    case 'listeners':
      return String(body['stat_prefix'])
    case 'endpoints':
      return String(first('endpoints')?.locality?.zone)
    case 'routes':
      return String(first('virtual_hosts')?.name)
  }
}

/** `resource` wrapped for the proxies with these node ids, under the EnvoyResource's own `name`. */
export const envoyResource = (name: string, ids: readonly string[], resource: JsonObject): JsonObject => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'EnvoyResource',
  metadata: { name, namespace: 'default' },
  spec: { proxies: { ids }, resource },
})
