import { randomUUID } from 'node:crypto'
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { XdsRequest, XdsResponse } from '../../model/xdsMessage.ts'
import type { XdsStream } from '../../ports.ts'
import {
  decodeDeltaRequest,
  decodeSotwRequest,
  encodeDeltaResponse,
  encodeSotwResponse,
} from '../../wire/discovery.ts'
import { boundedWriter } from './boundedWriter.ts'
import { certificateNames } from './certificateNames.ts'
import type { XdsServerCounters } from './xdsServerCounters.ts'
import type { XdsServerLimits } from './xdsServerLimits.ts'
import type { XdsMethod } from './xdsServices.ts'

/** The stream behind a gRPC call. `gone` is called once, when it has ended either way. */
export const openCall = (
  call: ServerDuplexStream<Buffer, Buffer>,
  { service, protocol }: XdsMethod,
  limits: XdsServerLimits,
  counters: XdsServerCounters,
  gone: () => void,
): XdsStream => {
  counters.streams += 1
  counters.opened += 1
  const decode = protocol === 'sotw' ? decodeSotwRequest : decodeDeltaRequest
  const encode = protocol === 'sotw' ? encodeSotwResponse : encodeDeltaResponse
  let listener: { request(request: XdsRequest): void; ended(): void } | undefined
  let ended = false

  const finish = (): void => {
    if (ended) return
    ended = true
    writer.discard()
    counters.streams -= 1
    gone()
    listener?.ended()
  }
  const end = (refusal?: { readonly code: number; readonly message: string }): void => {
    if (ended) return
    finish()
    if (refusal === undefined) call.end()
    else call.emit('error', { code: refusal.code, details: refusal.message })
  }
  const writer = boundedWriter(call, limits.maxQueuedBytes, () => {
    counters.overflowed += 1
    end({ code: status.RESOURCE_EXHAUSTED, message: 'the client does not take what it is sent' })
  })

  call.on('data', (bytes: Buffer) => {
    if (ended) return
    const request = decoded(decode, bytes)
    if (request === undefined) {
      counters.malformed += 1
      end({ code: status.INVALID_ARGUMENT, message: 'the request cannot be read' })
      return
    }
    counters.requests += 1
    listener?.request(request)
  })
  call.on('end', () => end())
  call.on('cancelled', finish)
  call.on('close', finish)
  call.on('error', finish)

  const { sslPeerCertificate: certificate } = call.getAuthContext()
  return {
    id: randomUUID(),
    service,
    protocol,
    peer: call.getPeer(),
    ...(certificate && { names: certificateNames(certificate) }),
    listen: (named) => {
      listener = named
    },
    send: (response: XdsResponse) => {
      if (ended) return false
      const bytes = asBuffer(encode(response))
      counters.responses += 1
      counters.sentBytes += bytes.length
      return writer.write(bytes)
    },
    end,
  }
}

const decoded = (decode: (bytes: Uint8Array) => XdsRequest, bytes: Uint8Array): XdsRequest | undefined => {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
