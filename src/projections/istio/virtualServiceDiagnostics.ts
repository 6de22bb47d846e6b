import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { sameJson } from '../../model/sameJson.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { unknownService } from '../diagnostics/referenceDiagnostics.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { lookUpPortOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import { takesEveryRequest } from '../routes/httpRoute.ts'
import { bindingDiagnostics } from './bindingDiagnostics.ts'
import { compileHttpMatch } from './compileHttpMatch.ts'
import { compileVirtualService } from './compileVirtualService.ts'
import { delegateKey, delegateOf } from './delegateOf.ts'
import { namedDestinations } from './destinationHostsOf.ts'
import { destinationRulesOf } from './destinationRuleFor.ts'
import { resolveHost } from './hostPatterns.ts'
import { isForMesh } from './istioIndex.ts'
import { boundGateways } from './routePlace.ts'
import { unusedFields } from './unusedFields.ts'
import { unusedOfRoutes } from './unusedOfRoutes.ts'

/** All that keeps a VirtualService, or a part of it, from having an effect. */
export const virtualServiceDiagnostics = (
  rule: Resource<'VirtualService'>,
  registry: Registry,
): readonly Diagnostic[] => [
  ...hostsOf(rule, registry),
  ...destinationsOf(rule, registry),
  ...delegatesOf(rule, registry),
  ...bindingDiagnostics(rule, registry),
  ...unreachable(rule),
  ...unmatchable(rule),
  ...unusedOfRoutes(rule),
  ...unencodable(rule, registry),
]

const hostsOf = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] => {
  if (!isForMesh(rule)) return []
  const { metadata, spec } = rule
  return (spec.hosts ?? []).flatMap((host, i): readonly Diagnostic[] => {
    const path = `/spec/hosts/${i}`
    const hostname = resolveHost(host, metadata.namespace, registry.settings().domain)
    // A host of a Gateway need be no service.
    const missing =
      boundGateways(rule).size === 0 && !hostname.startsWith('*') && registry.service(hostname) === undefined
    return missing ? [unknownService(hostname, path)] : hidden(rule, hostname, path, registry)
  })
}

// Rules of one host come by key, and the first that says something of a request decides.
const hidden = (
  rule: Resource<'VirtualService'>,
  hostname: string,
  path: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const key = keyOf(nameOf(rule))
  for (const { resource: other } of registry.istio.meshVirtualServices.taking(hostname)) {
    if (keyOf(nameOf(other)) === key) return []
    if (other.spec.http === undefined || rule.spec.http === undefined) continue
    return [
      {
        code: 'RUT2103',
        severity: 'warning',
        path,
        message: `${keyOf(nameOf(other))} is for ${hostname} too and has the smaller name: for the callers and ports that it speaks of, this rule has no effect.`,
      },
    ]
  }
  return []
}

const destinationsOf = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] =>
  namedDestinations(rule).flatMap(({ destination, path }): readonly Diagnostic[] => {
    const hostname = resolveHost(destination.host, rule.metadata.namespace, registry.settings().domain)
    const service = registry.service(hostname)
    if (service === undefined) return [unknownService(hostname, `${path}/host`)]
    const { port, subset } = destination
    return [
      ...nameless(rule, service, port?.number, path, registry),
      ...(port?.number === undefined || service.ports.some((one) => one.port === port.number)
        ? []
        : [
            {
              code: 'RUT2104',
              severity: 'warning',
              path: `${path}/port/number`,
              message: `${hostname} has no port ${port.number}: what goes there fails.`,
            } as const,
          ]),
      ...(subset === undefined ||
      destinationRulesOf(hostname, registry).some(({ resource }) =>
        resource.spec.subsets?.some(({ name }) => name === subset),
      )
        ? []
        : [
            {
              code: 'RUT2105',
              severity: 'warning',
              path: `${path}/subset`,
              message: `No DestinationRule defines a subset ${subset} of ${hostname}: what goes there fails.`,
            } as const,
          ]),
    ]
  })

/** Of a tcp route only the hosts' own connections ask for names of theirs. */
const nameless = (
  { spec, metadata }: Resource<'VirtualService'>,
  service: CompiledService,
  port: number | undefined,
  path: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const at = service.ports.find((one) => one.port === port)
  const own = (spec.hosts ?? []).some(
    (host) => resolveHost(host, metadata.namespace, registry.settings().domain) === service.hostname,
  )
  return !path.startsWith('/spec/tcp/') || own || at === undefined || lookUpPortOf(service, at) === undefined
    ? []
    : [
        {
          code: 'RUT2060',
          severity: 'warning',
          path: `${path}/host`,
          message: `Connections of a tcp route do not say which name of ${service.hostname} to look up: those without a name in their TLS are closed. Give a tls route.`,
        },
      ]
}

const delegatesOf = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] => {
  const { metadata, spec } = rule
  const missing = (spec.http ?? []).flatMap(({ delegate }, i): readonly Diagnostic[] => {
    if (delegate === undefined) return []
    const found = delegateOf(rule, delegate, registry)
    if (found?.resource.spec.http?.every((route) => route.delegate === undefined)) return []
    const why =
      found === undefined ? 'is no VirtualService without hosts' : 'delegates further, which is not followed'
    return [
      {
        code: 'RUT2106',
        severity: 'warning',
        path: `/spec/http/${i}/delegate`,
        message: `${delegateKey(rule, delegate)} ${why}.`,
      },
    ]
  })
  const key = `${metadata.namespace}/${metadata.name}`
  const unasked = (spec.hosts?.length ?? 0) === 0 && !registry.istio.isDelegate(key)
  return unasked
    ? [
        ...missing,
        {
          code: 'RUT2107',
          severity: 'warning',
          path: '/spec',
          message: 'It has no hosts, and no VirtualService delegates to it: it has no effect.',
        },
      ]
    : missing
}

const unreachable = ({ spec }: Resource<'VirtualService'>): readonly Diagnostic[] => {
  const before: NonNullable<NonNullable<typeof spec.http>[number]['match']>[number][] = []
  return (spec.http ?? []).flatMap(({ match = [] }, i) => {
    const own = match.length === 0 ? [{}] : match
    const reached = own.some((one) => !before.some((other) => takesAllOf(other, one)))
    before.push(...own)
    return reached
      ? []
      : [
          {
            code: 'RUT2005',
            severity: 'warning' as const,
            path: `/spec/http/${i}`,
            message: 'This route is never reached: one before it takes all that it would.',
          },
        ]
  })
}

type Match = Parameters<typeof compileHttpMatch>[0]

const takesAllOf = (first: Match, second: Match): boolean => {
  if (sameJson(first, second)) return true
  const conditional = first.port ?? first.gateways ?? first.sourceLabels ?? first.sourceNamespace
  return conditional === undefined && takesEveryRequest(compileHttpMatch(first))
}

const unmatchable = ({ spec }: Resource<'VirtualService'>): readonly Diagnostic[] =>
  (spec.http ?? []).flatMap(({ match = [] }, i) =>
    match.flatMap(({ uri, ignoreUriCase }, j): readonly Diagnostic[] => {
      const path = `/spec/http/${i}/match/${j}`
      const literal = uri?.exact ?? uri?.prefix
      return [
        ...(literal === undefined || literal.startsWith('/')
          ? []
          : [
              {
                code: 'RUT2012',
                severity: 'warning',
                path: `${path}/uri`,
                message: `No path begins with '${literal}': paths begin with '/', so this takes no request.`,
              } as const,
            ]),
        ...(ignoreUriCase === true && uri?.regex !== undefined
          ? unusedFields({ http: spec.http }, [
              [`http/${i}/match/${j}/ignoreUriCase`, 'Of a regex (?i) says so.'],
            ])
          : []),
      ]
    }),
  )

const unencodable = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] => {
  const stored: Stored<'VirtualService'> = { resource: rule, position: 0, source: '' }
  return (rule.spec.http ?? []).flatMap((route, i) => {
    if (route.delegate !== undefined) return []
    const alone = { ...stored, resource: { ...rule, spec: { ...rule.spec, http: [unconditional(route)] } } }
    const place = {
      gateways: new Set(['mesh']),
      port: 80,
      caller: { namespace: '', sourceRules: new Set<string>() },
    }
    return compileVirtualService(alone, place, registry).flatMap((one) => {
      const message = encodedRoute(one)
      return isLeft(message) ? [beyondLimits(`/spec/http/${i}`, message.left)] : []
    })
  })
}

type Route = NonNullable<Resource<'VirtualService'>['spec']['http']>[number]

/** `route` as it is for some caller and place. */
const unconditional = ({ match, ...route }: Route): Route =>
  match === undefined
    ? route
    : {
        ...route,
        match: match.map(
          ({ port: _, gateways: __, sourceLabels: ___, sourceNamespace: ____, ...one }) => one,
        ),
      }
