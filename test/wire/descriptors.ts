import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

/** Envoy's descriptors, as an independent protobuf library reads them. */
export const descriptors = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    gunzipSync(readFileSync(new URL('fixtures/descriptors.bin.gz', import.meta.url))),
  ),
)
