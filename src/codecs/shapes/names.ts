import { problemCodes } from '../problemCode.ts'
import type { Codec } from './codec.ts'
import { mapOf } from './mapOf.ts'
import { text } from './text.ts'

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const qualified = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** True for a label of RFC 1123 in lower case, at most 63 characters. */
export const isDnsLabel = (value: string): boolean => value.length <= 63 && label.test(value)

/** True for labels joined by dots, at most 253 characters: a hostname, or a name in Kubernetes. */
export const isDnsName = (value: string): boolean => value.length <= 253 && value.split('.').every(isDnsLabel)

/** True for a domain of 2017's egress rules: a hostname, alone or after `*`, `*.` or `*-`; or `*` alone
 *  (Pilot's ValidateEgressRuleDomain). */
export const isWildcardDomain = (value: string): boolean =>
  value === '*' || isDnsName(value.replace(/^\*[.-]?/, ''))

const lowerCase = 'lower-case letters, digits and "-", a letter or digit at both ends'

/** A namespace, or a service's short name. */
export const dnsLabel = (name: string): Codec<string> =>
  text(name, problemCodes.badName, `a ${name}: 1 to 63 ${lowerCase}`, isDnsLabel)

/** A resource's name: an RFC 1123 subdomain. */
export const dnsName = (name: string): Codec<string> =>
  text(name, problemCodes.badName, `a ${name}: at most 253 ${lowerCase}, parts joined by "."`, isDnsName)

/** A DNS name that a client can ask for: no IP address, no port, no wildcard. */
export const hostname: Codec<string> = text(
  'hostname',
  problemCodes.badHostname,
  `a hostname: at most 253 ${lowerCase}, parts joined by ".", the last no number`,
  (value) => isDnsName(value) && !/(?:^|\.)\d+$/.test(value),
)

const isQualifiedName = (key: string): boolean => {
  const [name = '', prefix, ...rest] = key.split('/').reverse()
  const validPrefix = prefix === undefined || isDnsName(prefix)
  return rest.length === 0 && validPrefix && name.length <= 63 && qualified.test(name)
}

const qualifiedName = text(
  'key',
  problemCodes.badLabel,
  'a key: at most 63 letters, digits and "-_.", a letter or digit at both ends, after an optional "domain/"',
  isQualifiedName,
)

const labelValue = text(
  'value',
  problemCodes.badLabel,
  'the value of a label: at most 63 letters, digits and "-_.", a letter or digit at both ends, or empty',
  (value) => value === '' || (value.length <= 63 && qualified.test(value)),
)

/** Labels as Kubernetes allows them. */
export const labels: Codec<Readonly<Record<string, string>>> = mapOf('labels', qualifiedName, labelValue)

// Kubernetes' bound for all annotations of an object together (TotalAnnotationSizeLimitB).
const annotationMost = 256 * 1024

const annotationValue = text(
  'annotation',
  problemCodes.badLabel,
  `an annotation: at most ${annotationMost} characters`,
  (value) => value.length <= annotationMost,
)

/** Annotations as Kubernetes allows them. */
export const annotations: Codec<Readonly<Record<string, string>>> = mapOf(
  'annotations',
  qualifiedName,
  annotationValue,
)
