import { suggestion } from '../nearest.ts'
import { problemCodes } from '../problemCode.ts'
import { type Finding, shown } from '../shapes/codec.ts'

/** What is wrong with a raw Envoy resource: another type than those that are served, or no name. */
export const envoyFindings = (
  message: Readonly<Record<string, unknown>>,
  served: readonly string[],
): readonly Finding[] => {
  const type = message['@type']
  if (typeof type !== 'string' || !served.includes(type)) {
    const found = type === undefined ? 'none' : shown(type)
    const help = typeof type === 'string' ? suggestion(type, served) : suggestion('', served)
    const text = `A resource needs an "@type" that is served; found ${found}.${help}`
    return [{ code: problemCodes.notAChoice, message: text, path: ['@type'] }]
  }
  const keys = type.endsWith('ClusterLoadAssignment') ? ['cluster_name', 'clusterName'] : ['name']
  const key = keys.find((one) => Object.hasOwn(message, one))
  if (key === undefined || message[key] === '') {
    const text = `The resource needs a ${keys[0]} that is not empty.`
    return [{ code: problemCodes.incomplete, message: text, path: key === undefined ? [] : [key] }]
  }
  return []
}
