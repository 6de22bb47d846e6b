import { typeUrlOf } from '../model/xds.ts'
import type { XdsRequest, XdsResponse } from '../model/xdsMessage.ts'
import { decodeStruct } from './decodeWellKnown.ts'
import { newReader, type Reader, readMessage, readTag, readText, readVarint, skip } from './reader.ts'
import {
  finish,
  lengthDelimited,
  newWriter,
  varint,
  type Writer,
  writeBytes,
  writeHead,
  writeTextField,
  written,
} from './writer.ts'

/** A DiscoveryRequest (envoy/service/discovery/v3). Of its 61 kB node only id and metadata are read. Throws an Error
 *  that says what is wrong when the bytes are malformed. */
export const decodeSotwRequest = (bytes: Uint8Array): XdsRequest => {
  const seen = newRequest()
  let version = ''
  const names: string[] = []
  fields(newReader(bytes), (reader, tag) => {
    if (tag === text(1)) version = readText(reader)
    else if (tag === text(2)) seen.node = readMessage(reader, readNode)
    else if (tag === text(3)) names.push(readText(reader))
    else if (tag === text(4)) seen.typeUrl = readText(reader)
    else if (tag === text(5)) seen.nonce = readText(reader)
    else if (tag === text(6)) seen.error = readMessage(reader, readStatus)
    else skip(reader, tag)
  })
  return { ...seen, body: { protocol: 'sotw', version, names } }
}

/** A DeltaDiscoveryRequest; as `decodeSotwRequest`. */
export const decodeDeltaRequest = (bytes: Uint8Array): XdsRequest => {
  const seen = newRequest()
  const subscribe: string[] = []
  const unsubscribe: string[] = []
  const initialVersions = new Map<string, string>()
  fields(newReader(bytes), (reader, tag) => {
    if (tag === text(1)) seen.node = readMessage(reader, readNode)
    else if (tag === text(2)) seen.typeUrl = readText(reader)
    else if (tag === text(3)) subscribe.push(readText(reader))
    else if (tag === text(4)) unsubscribe.push(readText(reader))
    else if (tag === text(5)) initialVersions.set(...readMessage(reader, readPair))
    else if (tag === text(6)) seen.nonce = readText(reader)
    else if (tag === text(7)) seen.error = readMessage(reader, readStatus)
    else skip(reader, tag)
  })
  return { ...seen, body: { protocol: 'delta', subscribe, unsubscribe, initialVersions } }
}

/** A DiscoveryResponse with the resources' bytes as they are. */
export const encodeSotwResponse = (response: XdsResponse): Uint8Array => {
  const typeUrl = typeUrlOf[response.type]
  const contents = response.resources.map((resource) => resource.bytes())
  const writer = newWriter(contents.reduce((sum, bytes) => sum + bytes.length + typeUrl.length + 16, 256))
  writeField(writer, 5, response.nonce)
  writeField(writer, 4, typeUrl)
  for (const bytes of contents.reverse()) writeAny(writer, 2, typeUrl, bytes)
  writeField(writer, 1, response.version)
  return finish(writer)
}

/** A DeltaDiscoveryResponse with the resources' bytes as they are. */
export const encodeDeltaResponse = (response: XdsResponse): Uint8Array => {
  const typeUrl = typeUrlOf[response.type]
  const contents = response.resources.map((resource) => ({ resource, bytes: resource.bytes() }))
  const writer = newWriter(
    contents.reduce(
      (sum, { bytes, resource }) => sum + bytes.length + typeUrl.length + resource.name.length + 64,
      256,
    ),
  )
  for (const name of response.removed.toReversed()) writeField(writer, 6, name)
  writeField(writer, 5, response.nonce)
  writeField(writer, 4, typeUrl)
  for (const { resource, bytes } of contents.reverse()) {
    const before = written(writer)
    writeField(writer, 3, resource.name)
    writeAny(writer, 2, typeUrl, bytes)
    writeField(writer, 1, resource.version)
    writeHead(writer, 2, before)
  }
  writeField(writer, 1, response.version)
  return finish(writer)
}

type Seen = {
  typeUrl: string
  nonce: string
  node?: NonNullable<XdsRequest['node']>
  error?: NonNullable<XdsRequest['error']>
}

const newRequest = (): Seen => ({ typeUrl: '', nonce: '' })

/** The tag of a field that holds text, bytes or a message. */
const text = (number: number): number => number * 8 + lengthDelimited

const fields = (reader: Reader, take: (reader: Reader, tag: number) => void): void => {
  while (reader.at < reader.end) take(reader, readTag(reader))
}

const readNode = (node: Reader): NonNullable<XdsRequest['node']> => {
  let id = ''
  let metadata: Readonly<Record<string, unknown>> = {}
  fields(node, (reader, tag) => {
    if (tag === text(1)) id = readText(reader)
    else if (tag === text(3)) metadata = readMessage(reader, (inner) => decodeStruct(inner, 1))
    else skip(reader, tag)
  })
  return { id, metadata }
}

/** google.rpc.Status, its details left out. */
const readStatus = (status: Reader): NonNullable<XdsRequest['error']> => {
  let code = 0
  let message = ''
  fields(status, (reader, tag) => {
    if (tag === 8 + varint) code = readVarint(reader)
    else if (tag === text(2)) message = readText(reader)
    else skip(reader, tag)
  })
  return { code, message }
}

const readPair = (entry: Reader): [string, string] => {
  const pair: [string, string] = ['', '']
  fields(entry, (reader, tag) => {
    if (tag === text(1)) pair[0] = readText(reader)
    else if (tag === text(2)) pair[1] = readText(reader)
    else skip(reader, tag)
  })
  return pair
}

const writeField = (writer: Writer, number: number, value: string): void => {
  if (value !== '') writeTextField(writer, number, value)
}

const writeAny = (writer: Writer, number: number, typeUrl: string, bytes: Uint8Array): void => {
  const before = written(writer)
  if (bytes.length > 0) {
    writeBytes(writer, bytes)
    writeHead(writer, 2, before)
  }
  writeField(writer, 1, typeUrl)
  writeHead(writer, number, before)
}
