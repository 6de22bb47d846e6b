import type { Diagnostic } from '../../model/diagnostic.ts'
import type { IstioHttpRoute } from '../../model/istio/virtualService.ts'
import type { Resource } from '../../model/resource.ts'
import { mayHaveBody } from './compileVirtualService.ts'
import { type Unused, unusedFields } from './unusedFields.ts'

/** A diagnostic for each field of an HTTP route that has no effect, whatever its value or because of another. */
export const unusedOfRoutes = ({ spec }: Resource<'VirtualService'>): readonly Diagnostic[] =>
  (spec.http ?? []).flatMap((route, i) =>
    unusedFields(
      spec,
      [...always, ...inAnswers(route), ...besideOthers(route)].map(([path, why]) => [
        `http/${i}/${path}`,
        why,
      ]),
    ),
  )

const always: readonly Unused[] = [
  ['fault/delay/exponentialDelay', 'Envoy only has fixed delays.'],
  ['fault/abort/http2Error', 'Only httpStatus and grpcStatus can be injected.'],
]

const ofForwarding = [
  'match/*/statPrefix',
  'corsPolicy',
  'rewrite',
  'timeout',
  'retries',
  'mirror',
  'mirrors',
  'mirrorPercent',
  'mirrorPercentage',
  'headers/request',
]

// Envoy answers before it looks at these.
const inAnswers = ({ redirect, directResponse }: IstioHttpRoute): readonly Unused[] =>
  redirect === undefined && directResponse === undefined
    ? []
    : [
        ...ofForwarding.map((path): Unused => [path, 'Envoy looks at it on routes that forward only.']),
        ...(mayHaveBody(directResponse?.status ?? 200)
          ? []
          : [['directResponse/body', 'Answers with this status have none.'] as const]),
      ]

const besideOthers = (route: IstioHttpRoute): readonly Unused[] => {
  if (route.redirect !== undefined || route.directResponse !== undefined) return []
  const { delay, abort } = route.fault ?? {}
  const percentages = ['mirrorPercent', 'mirrorPercentage']
  return [
    ...(route.mirror === undefined && route.delegate === undefined
      ? percentages.map((path): Unused => [path, 'There is no mirror.'])
      : route.mirrorPercentage === undefined
        ? []
        : [['mirrorPercent', 'mirrorPercentage goes before it.'] as const]),
    ...(delay?.percentage === undefined
      ? []
      : [['fault/delay/percent', 'percentage goes before it.'] as const]),
    ...(abort?.percentage === undefined
      ? []
      : [['fault/abort/percent', 'percentage goes before it.'] as const]),
  ]
}
