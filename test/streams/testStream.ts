import type { XdsRequest, XdsResponse } from '../../src/model/xdsMessage.ts'
import type { XdsStream } from '../../src/ports.ts'

/** A stream whose client is the test. */
export const testStream = () => {
  const sent: XdsResponse[] = []
  const ended: ({ code: number; message: string } | undefined)[] = []
  let listener: Parameters<XdsStream['listen']>[0] | undefined
  const stream: XdsStream = {
    id: 'one',
    service: 'ads',
    protocol: 'delta',
    peer: 'test',
    listen: (given) => {
      listener = given
    },
    send: (response) => {
      sent.push(response)
      return true
    },
    end: (refusal) => {
      ended.push(refusal)
    },
  }
  const request = (typeUrl: string, more: Partial<XdsRequest> = {}, subscribe: string[] = []): void =>
    listener?.request({
      typeUrl,
      nonce: '',
      body: { protocol: 'delta', subscribe, unsubscribe: [], initialVersions: new Map() },
      ...more,
    })
  /** Acknowledges all that came, and asks for what that names, as Envoy does. */
  const acknowledge = (): void => {
    for (let i = 0; i < sent.length; i += 1) {
      const response = sent[i]
      if (response === undefined) continue
      const names = response.resources.map(({ name }) => name)
      request(typeUrl(response.type), { nonce: response.nonce })
      if (response.type === 'clusters') request(typeUrl('endpoints'), {}, names)
    }
    sent.length = 0
  }
  return { stream, sent, ended, request, acknowledge, leave: () => listener?.ended() }
}

export const typeUrl = (type: string): string =>
  ({
    clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
    listeners: 'type.googleapis.com/envoy.config.listener.v3.Listener',
    routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  })[type] ?? ''
