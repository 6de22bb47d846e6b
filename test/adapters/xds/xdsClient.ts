import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js'
import { isLeft } from 'fp-ts/lib/Either.js'
import { definitionOf, xdsMethods } from '../../../src/adapters/xds/xdsServices.ts'
import type { XdsStream } from '../../../src/ports.ts'
import { decode } from '../../../src/wire/decode.ts'
import { encode } from '../../../src/wire/encode.ts'

const messages = {
  sotw: ['envoy.service.discovery.v3.DiscoveryRequest', 'envoy.service.discovery.v3.DiscoveryResponse'],
  delta: [
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  ],
} as const

/** The bytes of a message given in Envoy's canonical JSON. */
export const encoded = (type: string, json: unknown): Buffer => {
  const bytes = encode(type, json)
  if (isLeft(bytes)) throw new Error(JSON.stringify(bytes.left))
  return Buffer.from(bytes.right)
}

/** A gRPC client's one discovery stream. */
export type XdsClient = {
  send(request: unknown): void
  sendBytes(bytes: Buffer): void
  /** The next response, decoded. */
  next(): Promise<unknown>
  /** How the stream ended. */
  readonly ended: Promise<StatusObject>
  /** The call itself, for bad manners. */
  readonly call: ClientDuplexStream<Buffer, Buffer>
  close(): void
}

/** Opens a stream to `address` (`host:port` or `unix:PATH`). */
export const xdsClient = (
  address: string,
  service: XdsStream['service'] = 'ads',
  protocol: XdsStream['protocol'] = 'delta',
): XdsClient => {
  const method = xdsMethods.find((one) => one.service === service && one.protocol === protocol)
  if (method === undefined) throw new Error('there is no such method')
  const { path, requestSerialize, responseDeserialize } = definitionOf(method)
  // A channel of its own: channels to one address are shared otherwise.
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  const [requestType, responseType] = messages[protocol]
  const came: Buffer[] = []
  const waiting: ((bytes: Buffer) => void)[] = []
  call.on('data', (bytes: Buffer) => {
    const wanting = waiting.shift()
    if (wanting === undefined) came.push(bytes)
    else wanting(bytes)
  })
  call.on('error', () => {})
  const ended = new Promise<StatusObject>((resolve) => {
    call.on('status', resolve)
  })
  return {
    send: (request) => call.write(encoded(requestType, request)),
    sendBytes: (bytes) => call.write(bytes),
    next: async () => {
      const ready = came.shift()
      const bytes = ready ?? (await new Promise<Buffer>((resolve) => waiting.push(resolve)))
      return decode(responseType, bytes)
    },
    ended,
    call,
    close: () => {
      call.cancel()
      client.close()
    },
  }
}
