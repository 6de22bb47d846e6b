import type { CertificateFileCheck } from '../../model/certificateFile.ts'
import { ingressHost } from '../../model/ingressHost.ts'
import type { ConfigKind, Mesh, Stored } from '../../model/mesh.ts'
import { defaultMeshSettings, type MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { Resource } from '../../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { SecretCheck } from '../../model/secret.ts'
import { emptyTrie } from '../../model/trie.ts'
import { type Difference, trieDifference } from '../../model/trieDifference.ts'
import { connectionClaims } from '../connections/sharedConnections.ts'
import { compileEgressRule } from '../egress/compileEgressRule.ts'
import { compileIngress } from '../ingress/compileIngress.ts'
import type { IngressEntry } from '../ingress/ingressEntry.ts'
import { ingressTarget } from '../ingress/ingressTarget.ts'
import { compileServiceEntry } from '../istio/compileServiceEntry.ts'
import { destinationRulesOf } from '../istio/destinationRuleFor.ts'
import { createIstioIndex } from '../istio/istioIndex.ts'
import { spiffeId } from '../mutualTls/identities.ts'
import { type CompiledService, compileService } from './compiledService.ts'
import { declarersOf, partsOf } from './declarers.ts'
import { claimedForms, domainClaims } from './domainClaims.ts'
import { resolveDestination } from './hostnames.ts'
import { claimantsAmong } from './meantBy.ts'
import { multimap } from './multimap.ts'
import { orderedMultimap } from './orderedMultimap.ts'
import { nothingTouched, type Registry, type Touched } from './registry.ts'
import { createWorkloadIndex } from './workloadIndex.ts'

type Rule = Stored<'RouteRule'> | Stored<'DestinationPolicy'>
type Shift = 'add' | 'delete'

/** A registry and the way to move it on. */
export type MovingRegistry = Registry & {
  /** Moves on from the mesh it stands at to `mesh`, and says what that touches. */
  moveTo(mesh: Mesh): Touched
}

/** The registry of an empty mesh. `secretProblem` and `fileProblem`: by default nobody knows of any. */
export const createRegistry = (
  secretProblem: SecretCheck = () => undefined,
  fileProblem: CertificateFileCheck = () => undefined,
): MovingRegistry => {
  let mesh: Mesh = { settings: null, services: emptyTrie(), instances: emptyTrie(), configs: emptyTrie() }
  let settings: Required<MeshSettingsSpec> = { ...defaultMeshSettings }
  const byName = new Map<string, CompiledService>()
  const byHostname = multimap<CompiledService>()
  const byNamespace = multimap<CompiledService>()
  const claims = domainClaims()
  const connections = multimap<CompiledService>()
  const rulesByTarget = orderedMultimap<Stored<'RouteRule'>>(byPrecedence)
  const policiesByTarget = orderedMultimap<Stored<'DestinationPolicy'>>(byKey)
  const bySource = multimap<Rule>()
  const ingressRulesByHost = orderedMultimap<IngressEntry>(byKey)
  const ingressRulesByTarget = multimap<IngressEntry>()
  const entriesByIngress = new WeakMap<Stored<'Ingress'>, readonly IngressEntry[]>()
  const sidecarsByNamespace = orderedMultimap<Stored<'Sidecar'>>(byKey)
  const envoyResources = new Map<string, Stored<'EnvoyResource'>>()
  const istio = createIstioIndex(() => settings.domain)

  const workloads = createWorkloadIndex({
    serviceNamed: (key) => byName.get(key),
    service: (hostname) => registry.service(hostname),
    // Callers may hold its instances to their accounts.
    isVerified: ({ ports, hostname }) =>
      ports.some(({ mutualTls }) => mutualTls) || destinationRulesOf(hostname, { istio }).length > 0,
  })

  const registry: Registry = {
    settings: () => settings,
    settingsPosition: () => mesh.settings?.position ?? 0,
    service: (hostname) => registry.claimants(hostname)[0],
    claimants: (hostname) => claimantsAmong(byHostname.get(hostname)),
    serviceNamed: (key) => byName.get(key),
    services: () => byName.values(),
    servicesIn: (namespace) => byNamespace.get(namespace),
    endpointsOf: (service, port) =>
      service.parts === undefined
        ? workloads.endpointsOf(service, port)
        : declarersOf(service, port).flatMap((one) => workloads.endpointsOf(one.service, one.port)),
    identitiesOf: (service) => {
      const accounts = new Set(partsOf(service).flatMap(workloads.accountsOf))
      return [...accounts].sort(byCodeUnit).map((account) => spiffeId(settings.domain, account))
    },
    workloadsAt: workloads.at,
    servedBy: workloads.servedBy,
    rulesTo: rulesByTarget.get,
    rulesFrom: (source) => bySource.get(source),
    policiesTo: policiesByTarget.get,
    ingressRulesAt: ingressRulesByHost.get,
    ingressRulesTo: (hostname) => ingressRulesByTarget.get(hostname),
    ingressHosts: () => ingressRulesByHost.keys(),
    sidecarsIn: sidecarsByNamespace.get,
    envoyResources: () => envoyResources.values(),
    secretProblem,
    fileProblem,
    claims,
    connectionClaims: connections,
    istio,
  }

  const moveService = ({ before, after }: Difference<'Service'>, touched: Touched): void => {
    if (before !== undefined) {
      const key = serviceKey(before)
      const was = byName.get(key) as CompiledService
      byName.delete(key)
      shiftService(was, 'delete', touched)
    }
    if (after === undefined) return
    const is = compileService(after, settings)
    byName.set(is.key, is)
    shiftService(is, 'add', touched)
  }

  const shiftService = (service: CompiledService, shift: Shift, touched: Touched): void => {
    byHostname[shift](service.hostname, service)
    byNamespace[shift](service.namespace, service)
    if (shift === 'add' || !byHostname.has(service.hostname)) istio.shiftHostname(service.hostname, shift)
    touched.hostnames.add(service.hostname)
    touched.endpoints.add(service.hostname)
    for (const port of service.ports)
      for (const claim of connectionClaims(service, port)) connections[shift](claim, service)
    for (const form of claimedForms(service)) {
      claims[shift](form, service)
      for (const rival of claims.get(form)) touched.hostnames.add(rival.hostname)
    }
    workloads.shiftService(service, shift, touched)
  }

  const moveInstance = ({ before, after }: Difference<'Instance'>, touched: Touched): void => {
    if (before !== undefined) workloads.shift(before, 'delete', touched)
    if (after !== undefined) workloads.shift(after, 'add', touched)
  }

  const shiftRule = (rule: Rule, shift: Shift, touched: Touched): void => {
    const { resource } = rule
    const target = resolveDestination(resource.spec.destination, resource.metadata.namespace, settings.domain)
    if (resource.kind === 'RouteRule') rulesByTarget[shift](target, rule as Stored<'RouteRule'>)
    else policiesByTarget[shift](target, rule as Stored<'DestinationPolicy'>)
    touched.hostnames.add(target)
    const source = sourceOf(resource, settings.domain)
    if (source === undefined) return
    bySource[shift](source, rule)
    touched.sources.add(source)
  }

  const shiftDeclared = (compiled: CompiledService, shift: Shift, touched: Touched): void => {
    const service = byName.get(compiled.key) ?? compiled
    if (shift === 'add') byName.set(service.key, service)
    else byName.delete(service.key)
    shiftService(service, shift, touched)
  }

  const shiftIngressRule = (rule: IngressEntry, shift: Shift, touched: Touched): void => {
    const { host } = ingressHost(rule.resource.spec)
    ingressRulesByHost[shift](host, rule)
    ingressRulesByTarget[shift](ingressTarget(rule.resource, registry).hostname, rule)
    touched.ingressHosts.add(host)
  }

  /** The same each time, for what was put into an index is taken out of it. */
  const entriesOf = (ingress: Stored<'Ingress'>): readonly IngressEntry[] => {
    const known = entriesByIngress.get(ingress)
    if (known !== undefined) return known
    const entries = compileIngress(ingress)
    entriesByIngress.set(ingress, entries)
    return entries
  }

  const shiftConfig = (stored: Stored<ConfigKind>, shift: Shift, touched: Touched): void => {
    const { kind, metadata } = stored.resource
    if (kind === 'RouteRule' || kind === 'DestinationPolicy') shiftRule(stored as Rule, shift, touched)
    else if (kind === 'EgressRule')
      shiftDeclared(compileEgressRule(stored as Stored<'EgressRule'>), shift, touched)
    else if (kind === 'ServiceEntry')
      for (const one of compileServiceEntry(stored as Stored<'ServiceEntry'>, settings))
        shiftDeclared(one, shift, touched)
    else if (kind === 'WorkloadEntry') workloads.shift(stored as Stored<'WorkloadEntry'>, shift, touched)
    else if (kind === 'IngressRule') shiftIngressRule(stored as Stored<'IngressRule'>, shift, touched)
    else if (kind === 'Ingress')
      for (const entry of entriesOf(stored as Stored<'Ingress'>)) shiftIngressRule(entry, shift, touched)
    else if (kind === 'Sidecar') {
      sidecarsByNamespace[shift](metadata.namespace, stored as Stored<'Sidecar'>)
      touched.sidecars.add(metadata.namespace)
    } else if (kind === 'EnvoyResource') {
      const key = keyOf(nameOf(stored.resource))
      if (shift === 'add') envoyResources.set(key, stored as Stored<'EnvoyResource'>)
      else envoyResources.delete(key)
    } else istio.shift(stored, shift, touched)
  }

  const moveConfig = (difference: Difference<ConfigKind>, touched: Touched): void => {
    const { before, after } = difference
    if (before !== undefined) shiftConfig(before, 'delete', touched)
    if (after !== undefined) shiftConfig(after, 'add', touched)
    if ((after ?? before)?.resource.kind === 'EnvoyResource')
      touched.envoyResources.push(difference as Difference<'EnvoyResource'>)
  }

  const moveTo = (next: Mesh): Touched => {
    const touched = nothingTouched()
    const [from, to] = [mesh.settings?.resource.spec, next.settings?.resource.spec]
    if (from !== to) {
      // Hostnames hang on the mesh's domain, so all that was indexed under the old one is taken out first.
      touched.everything = true
      const bare = { services: emptyTrie<'Service'>(), configs: emptyTrie<ConfigKind>() }
      for (const one of trieDifference(mesh.configs, bare.configs)) moveConfig(one, touched)
      for (const one of trieDifference(mesh.services, bare.services)) moveService(one, touched)
      mesh = { ...mesh, ...bare }
      settings = { ...defaultMeshSettings, ...to }
    }
    for (const one of trieDifference(mesh.services, next.services)) moveService(one, touched)
    for (const one of trieDifference(mesh.instances, next.instances)) moveInstance(one, touched)
    for (const one of trieDifference(mesh.configs, next.configs)) moveConfig(one, touched)
    mesh = next
    return touched
  }

  return { ...registry, moveTo }
}

const serviceKey = ({ resource: { metadata } }: Stored<'Service'>): string =>
  `${metadata.namespace}/${metadata.name}`

const sourceOf = (
  resource: Resource<'RouteRule'> | Resource<'DestinationPolicy'>,
  meshDomain: string,
): string | undefined => {
  const source = resource.kind === 'RouteRule' ? resource.spec.match?.source : resource.spec.source
  return source && resolveDestination(source, resource.metadata.namespace, meshDomain)
}

const byPrecedence = (a: Stored<'RouteRule'>, b: Stored<'RouteRule'>): number =>
  (b.resource.spec.precedence ?? 0) - (a.resource.spec.precedence ?? 0) || byKey(a, b)

const byKey = (
  a: Pick<Stored | IngressEntry, 'resource'>,
  b: Pick<Stored | IngressEntry, 'resource'>,
): number => byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource)))
