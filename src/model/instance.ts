import type { Protocol } from './service.ts'

/** Where one port of a workload is: `port` is what callers reach, `app` (`host:port`) where the application
 *  listens, by default `127.0.0.1:<port>`. A bare number is short for `{ port }`. */
export type InstancePort = number | { readonly port: number; readonly app?: string }

/** One workload behind one or several services (contract §2). */
export type InstanceSpec = {
  /** Names of services in the instance's namespace (or hostnames, when they hold a dot). */
  readonly service: string | readonly string[]
  /** Where callers reach it; also the ip in the node id of the proxy beside it. */
  readonly address: string
  readonly labels?: Readonly<Record<string, string>>
  /** Keyed by the service port's name. */
  readonly ports: Readonly<Record<string, InstancePort>>
  readonly managementPorts?: readonly { readonly port: number; readonly protocol?: Protocol }[]
  /** 1 to 128, default 1. */
  readonly weight?: number
  readonly zone?: string
  readonly serviceAccount?: string
}
