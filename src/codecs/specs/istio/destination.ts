import type { HeaderOperations, IstioDestination, IstioHeaders } from '../../../model/istio/virtualService.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked, type Finding } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { mapOf } from '../../shapes/mapOf.ts'
import { port } from '../../shapes/network.ts'
import { wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { text } from '../../shapes/text.ts'
import { host } from './selectors.ts'
import { headerNameInAnyCase } from './stringMatch.ts'

/** The name of a subset, as it stands in a cluster's name. */
export const subsetName: Codec<string> = text(
  'subset',
  problemCodes.badName,
  'the name of a subset: 1 to 63 letters, digits and "-_.", a letter or digit at both ends',
  (value) => value.length <= 63 && /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(value),
)

/** Where a route leads. */
export const destination: Codec<IstioDestination> = struct<IstioDestination>('destination', {
  host,
  subset: optional(subsetName),
  port: optional(struct<NonNullable<IstioDestination['port']>>('port', { number: optional(port) })),
})

/** A share of a route's traffic. */
export const weight: Codec<number> = wholeNumber('weight', 0, 2 ** 31 - 1)

/** Several destinations need a weight above zero between them. */
export const weighted = (
  route: readonly { readonly weight?: number | undefined }[] | undefined,
): readonly Finding[] =>
  route !== undefined && route.length > 1 && route.every((one) => (one.weight ?? 0) === 0)
    ? [{ code: problemCodes.weights, message: 'The weights sum to 0.', path: ['route'] }]
    : []

const value = text(
  'header value',
  problemCodes.badHeader,
  'the value of a header: at most 8192 characters without control characters',
  (one) => one.length <= 8192 && !/\p{Cc}/u.test(one),
)

const operations = checked(
  struct<HeaderOperations>('header operations', {
    set: optional(mapOf('headers', headerNameInAnyCase, value)),
    add: optional(mapOf('headers', headerNameInAnyCase, value)),
    remove: optional(listOf('headers', headerNameInAnyCase)),
  }),
  ({ add = {}, set = {}, remove = [] }): readonly Finding[] => [
    ...Object.keys(add)
      .filter(isNoHeader)
      .map((name) => unfit(['add', name], `Envoy does not append to "${name}"; set it.`)),
    ...Object.keys(set)
      .filter((name) => name.startsWith(':') && name.toLowerCase() !== ':authority')
      .map((name) => unfit(['set', name], `"${name}" is no header that can be set.`)),
    ...remove.flatMap((name, i) =>
      isNoHeader(name) ? [unfit(['remove', i], `"${name}" cannot be removed.`)] : [],
    ),
  ],
)

const isNoHeader = (name: string): boolean => name.startsWith(':') || name.toLowerCase() === 'host'

const unfit = (path: Finding['path'], message: string): Finding => ({
  code: problemCodes.badHeader,
  message,
  path,
})

/** What a route does to headers of requests and of answers. */
export const headers: Codec<IstioHeaders> = struct<IstioHeaders>('headers', {
  request: optional(operations),
  response: optional(operations),
})
