import type { JsonObject } from '../json.ts'

const sockets = 'type.googleapis.com/envoy.extensions.transport_sockets'

/** The `transport_socket` whose connections begin with a header of the PROXY protocol, of `version`, and go on within
 *  `inner`, in plain text where there is none. */
export const proxyProtocolJson = (version: 'V1' | 'V2', inner: JsonObject | undefined): JsonObject => ({
  name: 'envoy.transport_sockets.upstream_proxy_protocol',
  typed_config: {
    '@type': `${sockets}.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
    config: { version },
    transport_socket: inner ?? {
      name: 'envoy.transport_sockets.raw_buffer',
      typed_config: { '@type': `${sockets}.raw_buffer.v3.RawBuffer` },
    },
  },
})
