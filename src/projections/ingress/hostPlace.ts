/** A host on a port of a proxy at the edge, in plain text or over TLS. */
export type HostPlace = { readonly host: string; readonly port: number; readonly tls: boolean }
