import type { ServerTls } from '../../model/istio/serverTls.ts'
import type { SidecarIngress } from '../../model/sidecar.ts'

/** The TLS that proxies end at an ingress of a Sidecar, with certificates in files; `undefined` where its mode asks for
 *  none. */
export const ingressTls = ({ tls = {} }: SidecarIngress): ServerTls | undefined => {
  const { credentialName, credentialNames, caCertCredentialName, ...inFiles } = tls
  const { mode } = inFiles
  return mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL' ? inFiles : undefined
}
