import { isAddress } from '../../model/isAddress.ts'
import type { JsonObject } from '../json.ts'

/** The `transport_socket` by which a proxy speaks TLS to `host` outside of the mesh and verifies its certificate
 *  against the authorities in the file `trustedCaPath`. Without a host the name that it asks for and expects is the
 *  request's authority (the cluster's `auto_sni` and `auto_san_validation`). */
export const originatedTlsJson = (host: string | undefined, trustedCaPath: string): JsonObject => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    ...(host === undefined || isAddress(host) ? {} : { sni: host }),
    common_tls_context: {
      validation_context: {
        trusted_ca: { filename: trustedCaPath },
        ...(host === undefined
          ? {}
          : {
              match_typed_subject_alt_names: [
                { san_type: isAddress(host) ? 'IP_ADDRESS' : 'DNS', matcher: { exact: host } },
              ],
            }),
      },
    },
  },
})
