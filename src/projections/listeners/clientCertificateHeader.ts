import type { JsonObject } from '../json.ts'

/** What an application learns of the certificate that a caller showed, in `x-forwarded-client-cert`. `mesh`: a proxy of
 *  the mesh calls, which is believed what it says of those before it, and its own is added. `caller`: the caller's
 *  alone, whatever it says. `unverified`: the same of a caller whom nobody verified, and no names out of it. */
export type ClientCertificateHeader = 'mesh' | 'caller' | 'unverified'

/** The fields of Envoy's connection manager for `header`, as Istio's inbound listeners (`mesh`) and gateways (`caller`)
 *  have them. Without it, and from whoever shows no certificate, Envoy lets nobody's header pass. */
export const clientCertificateHeaderJson = (header: ClientCertificateHeader | undefined): JsonObject =>
  header === undefined ? {} : told[header]

const names = { subject: true, dns: true, uri: true }

const told: Readonly<Record<ClientCertificateHeader, JsonObject>> = {
  mesh: { forward_client_cert_details: 'APPEND_FORWARD', set_current_client_cert_details: names },
  caller: {
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { ...names, cert: true },
  },
  unverified: {
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { cert: true },
  },
}
