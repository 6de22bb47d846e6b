import type { XdsResource } from '../model/xds.ts'

const unknownBytes = (): Uint8Array => {
  throw new Error('the bytes of a resource that only the client knows were asked for')
}

/** Stands for what a client held before it reconnected: a name and a version, of which only the client has the bytes. */
export const unknownResource = (name: string, version: string): XdsResource => ({
  name,
  version,
  bytes: unknownBytes,
  causes: [],
})

/** True of a resource that only the client has. */
export const isUnknown = (resource: XdsResource | undefined): boolean => resource?.bytes === unknownBytes
