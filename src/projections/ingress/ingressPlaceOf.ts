import type { ProxyMetadata } from '../../model/proxy.ts'
import type { IngressPlace } from '../slice.ts'
import { defaultIngressPort } from './ingressHost.ts'

/** Where an ingress proxy listens: as its Envoy says, else at every address. */
export const ingressPlaceOf = (metadata: ProxyMetadata): IngressPlace =>
  metadata.httpProxy ?? { address: '0.0.0.0', port: defaultIngressPort }
