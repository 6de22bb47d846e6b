import type { Json } from './json.ts'

/** What one proxy was given, in Envoy's canonical JSON with snake_case names. */
export type Emitted = {
  readonly listeners: readonly Json[]
  readonly routes: readonly Json[]
  readonly clusters: readonly Json[]
  /** True: clusters may also stand in the proxy's bootstrap, as a bare node's do. */
  readonly othersInBootstrap: boolean
}
