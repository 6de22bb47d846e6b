import { defaultIngressPort } from '../../model/ingressHost.ts'
import type { ProxyMetadata } from '../../model/proxy.ts'
import type { IngressPlace } from '../views/slice.ts'

/** Where an ingress proxy listens: as its Envoy says, else at every address. */
export const ingressPlaceOf = (metadata: ProxyMetadata): IngressPlace =>
  metadata.httpProxy ?? { address: '0.0.0.0', port: defaultIngressPort }
