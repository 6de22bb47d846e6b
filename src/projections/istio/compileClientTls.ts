import type { ClientTls } from '../../model/istio/destinationRule.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { ClusterPolicy } from '../clusters/clusterPolicy.ts'
import type { Trusted, UpstreamTls } from '../clusters/upstreamTls.ts'
import { clientTlsSecrets } from './clientTlsSecrets.ts'

/** The TLS that `tls` adds to connections of a cluster. Names of `subjectAltNames` count where it has none; of
 *  `secretsOf`, a namespace, are the secrets that it names: where it names some and there is no such namespace, it is
 *  `closed`, for nothing else may stand in for what a secret would verify or show. */
export const compileClientTls = (
  tls: ClientTls,
  { trustedCaPath }: Pick<Required<MeshSettingsSpec>, 'trustedCaPath'>,
  { subjectAltNames, secretsOf }: { subjectAltNames: readonly string[]; secretsOf: string | undefined },
): NonNullable<ClusterPolicy['tls']> => {
  if (tls.mode === 'ISTIO_MUTUAL') return 'mutual'
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return 'plain'
  const { certificate, authorities } = clientTlsSecrets(tls, secretsOf ?? '')
  if (secretsOf === undefined && (certificate ?? authorities) !== undefined) return 'closed'
  const shown = certificate === undefined ? certificateFiles(tls) : { secret: certificate.secret }
  return {
    ...(tls.sni && { serverName: tls.sni }),
    ...(tls.insecureSkipVerify !== true && {
      trusted:
        authorities === undefined ? authorityFiles(tls, trustedCaPath) : { secret: authorities.secret },
    }),
    names: tls.subjectAltNames ?? subjectAltNames,
    ...(shown && { certificate: shown }),
  }
}

const certificateFiles = ({
  mode,
  clientCertificate,
  privateKey,
}: ClientTls): UpstreamTls['certificate'] | undefined =>
  mode === 'MUTUAL' && clientCertificate !== undefined && privateKey !== undefined
    ? { chainPath: clientCertificate, keyPath: privateKey }
    : undefined

const authorityFiles = ({ caCertificates, caCrl }: ClientTls, trustedCaPath: string): Trusted => ({
  caPath: caCertificates === undefined || caCertificates === 'system' ? trustedCaPath : caCertificates,
  ...(caCrl !== undefined && { revokedPath: caCrl }),
})
