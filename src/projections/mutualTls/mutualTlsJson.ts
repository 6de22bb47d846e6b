import type { JsonObject } from '../json.ts'
import { secretOverAds } from '../listeners/downstreamTls.ts'
import { workloadAuthorities, workloadCertificate } from './workloadSecrets.ts'

const tls = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3'

/** The `transport_socket` by which a proxy shows its workload's certificate to another's, and takes one with one of the
 *  names `identities` (SPIFFE ids, and what a ServiceEntry names). Where there are none it takes nothing that is signed for a workload. */
export const upstreamMutualTlsJson = (identities: readonly string[], meshDomain: string): JsonObject => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': `${tls}.UpstreamTlsContext`,
    common_tls_context: {
      tls_certificate_sds_secret_configs: [secretOverAds(workloadCertificate)],
      combined_validation_context: {
        default_validation_context: {
          // An empty list would let in everybody whom the authority has signed for.
          match_typed_subject_alt_names: (identities.length > 0
            ? identities
            : [`spiffe://${meshDomain}`]
          ).map((exact) => ({ san_type: exact.includes('://') ? 'URI' : 'DNS', matcher: { exact } })),
        },
        validation_context_sds_secret_config: secretOverAds(workloadAuthorities),
      },
    },
  },
})

/** The `transport_socket` of an inbound listener that takes callers with a certificate of the mesh's authority, and
 *  nobody else. */
export const downstreamMutualTlsJson = (): JsonObject => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': `${tls}.DownstreamTlsContext`,
    require_client_certificate: true,
    common_tls_context: {
      tls_certificate_sds_secret_configs: [secretOverAds(workloadCertificate)],
      validation_context_sds_secret_config: secretOverAds(workloadAuthorities),
    },
  },
})
