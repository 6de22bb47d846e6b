import { type Json, textAt } from './json.ts'
import type { SentRequest } from './sentRequest.ts'

/** The header in which Envoy tells of the certificate that a caller showed. */
export const clientCertificateHeader = 'x-forwarded-client-cert'

/** What the connection manager `manager` makes of that header: what the caller says in it `stays`, it is `madeUp` by
 *  Envoy, or `dropped` (source/common/http/conn_manager_utility.cc, mutateXfccRequestHeader). */
export const clientCertificateHeaderIn = (
  { showsCertificate = false }: SentRequest,
  manager: Json,
): 'stays' | 'madeUp' | 'dropped' => {
  switch (textAt(manager, 'forward_client_cert_details')) {
    case 'ALWAYS_FORWARD_ONLY':
      return 'stays'
    case 'FORWARD_ONLY':
      return showsCertificate ? 'stays' : 'dropped'
    case 'APPEND_FORWARD':
    case 'SANITIZE_SET':
      return showsCertificate ? 'madeUp' : 'dropped'
    default:
      return 'dropped'
  }
}
