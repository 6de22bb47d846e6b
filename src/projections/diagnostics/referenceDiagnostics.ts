import type { Diagnostic } from '../../model/diagnostic.ts'
import type { IstioService } from '../../model/routeRule.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'

/** A service that a rule names at `path`, and the labels that it wants of its instances. */
export type Reference = {
  readonly hostname: string
  readonly labels: Readonly<Record<string, string>>
  /** JSON pointer to what names the service. */
  readonly path: string
  /** JSON pointer to the labels. */
  readonly labelsPath: string
}

/** The reference of an IstioService at `path` of a rule. */
export const referenceOf = (
  named: IstioService,
  path: string,
  ruleNamespace: string,
  registry: Registry,
): Reference => ({
  hostname: resolveDestination(named, ruleNamespace, registry.settings().domain),
  labels: named.labels ?? {},
  path,
  labelsPath: `${path}/labels`,
})

/** What is wrong with a reference: there is no such service, or none of its instances has these labels. */
export const referenceDiagnostics = (reference: Reference, registry: Registry): readonly Diagnostic[] => {
  const service = registry.service(reference.hostname)
  if (service === undefined) return [unknownService(reference.hostname, reference.path)]
  return hasInstance(service, reference.labels, registry)
    ? []
    : [
        {
          code: 'RUT2002',
          severity: 'warning',
          path: reference.labelsPath,
          message: `No instance of ${reference.hostname} has the labels ${textOf(reference.labels)}.`,
        },
      ]
}

/** The diagnostic of a name that no service has. */
export const unknownService = (hostname: string, path: string): Diagnostic => ({
  code: 'RUT2001',
  severity: 'warning',
  path,
  message: `There is no service ${hostname}; until there is one, this has no effect.`,
})

const hasInstance = (
  service: CompiledService,
  labels: Readonly<Record<string, string>>,
  registry: Registry,
): boolean =>
  Object.keys(labels).length === 0 ||
  service.ports.some((port) =>
    registry.endpointsOf(service, port).some((endpoint) => matchesLabels(endpoint.labels, labels)),
  )

const textOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
