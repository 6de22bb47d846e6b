import { isLeft } from 'fp-ts/lib/Either.js'
import { configurableTypes, typeUrlOf } from '../../model/xds.ts'
import { encode } from '../../wire/encode.ts'
import { resourceNameOf } from '../../wire/resourceNameOf.ts'
import { suggestion } from '../nearest.ts'
import { problemCodes } from '../problemCode.ts'
import { type Finding, shown } from '../shapes/codec.ts'
import type { Path } from '../sourceNode.ts'

const served: readonly string[] = configurableTypes.map((type) => typeUrlOf[type])

/** What is wrong with a raw Envoy resource: another type than those that are served, no name, or what Envoy's own
 *  protos and their limits refuse. */
export const envoyFindings = (message: Readonly<Record<string, unknown>>): readonly Finding[] => {
  const type = message['@type']
  if (typeof type !== 'string' || !served.includes(type)) {
    const found = type === undefined ? 'none' : shown(type)
    const help = suggestion(typeof type === 'string' ? type : '', served)
    const text = `A resource needs an "@type" that is served; found ${found}.${help}`
    return [{ code: problemCodes.notAChoice, message: text, path: ['@type'] }]
  }
  return [...namelessness(type, message), ...refusedByEnvoy(type, message)]
}

const namelessness = (type: string, message: Readonly<Record<string, unknown>>): readonly Finding[] => {
  if (resourceNameOf(type, message) !== '') return []
  const key = type === typeUrlOf.endpoints ? 'cluster_name' : 'name'
  return [
    { code: problemCodes.incomplete, message: `The resource needs a ${key} that is not empty.`, path: [] },
  ]
}

const refusedByEnvoy = (type: string, message: Readonly<Record<string, unknown>>): readonly Finding[] => {
  const encoded = encode(type, message)
  if (!isLeft(encoded)) return []
  return encoded.left.map(({ path, message: why }) => ({
    code: problemCodes.envoyRefuses,
    message: `Envoy refuses this: ${why}.`,
    path: stepsOf(path),
    ...(why.startsWith('unknown field') ? { at: 'key' as const } : {}),
  }))
}

/** The steps of a JSON pointer. */
const stepsOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
