type Json = Readonly<Record<string, unknown>>

/** Where requests go: a port of a service in the Ingress's namespace, by number or by name. */
export type KubernetesBackend = {
  readonly service?: {
    readonly name: string
    readonly port?: { readonly number?: number; readonly name?: string }
  }
  readonly resource?: Json
}

export type KubernetesPath = {
  readonly path?: string
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific'
  readonly backend: KubernetesBackend
}

/** Kubernetes' Ingress (networking.k8s.io/v1). */
export type KubernetesIngressSpec = {
  readonly ingressClassName?: string
  /** For what no rule takes. */
  readonly defaultBackend?: KubernetesBackend
  readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[]
  readonly rules?: readonly {
    /** Absent: every host that no other rule has. */
    readonly host?: string
    readonly http?: { readonly paths: readonly KubernetesPath[] }
  }[]
}
