/** Which proxies get an EnvoyResource: the named ones; those of the given types and labels; or all. */
export type ProxySelector = {
  readonly ids?: readonly string[]
  readonly types?: readonly ('sidecar' | 'ingress' | 'router')[]
  readonly labels?: Readonly<Record<string, string>>
  readonly all?: true
}

/** A raw Envoy resource in Envoy's canonical JSON, with its `@type`, for chosen proxies (contract §2). */
export type EnvoyResourceSpec = {
  readonly proxies: ProxySelector
  readonly resource: Readonly<Record<string, unknown>> & { readonly '@type': string }
}
