import type { Diagnostic } from '../../model/diagnostic.ts'
import { provenanceOf, ruleText } from '../provenance.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { callableNames } from '../views/callableNames.ts'
import { lostHosts, rivalFor } from '../views/lostDomains.ts'

/** A diagnostic at `path` for each name, as seen from the service's own namespace, that requests to another service
 *  win. */
export const lostNames = (
  service: CompiledService,
  path: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const domain = `${service.namespace}.svc.${registry.settings().domain}`
  const variant = { domain, inScope: () => true }
  const names = callableNames(service, domain, registry.claims)
  return service.ports
    .filter(({ http }) => http)
    .flatMap(({ port }) =>
      lostHosts(service, names, port, variant, registry.claims).map((host) => ({
        host,
        port,
        rival: rivalFor(host, service, port, variant, registry.claims) ?? service,
      })),
    )
    .map(({ host, port, rival }) => ({
      code: 'RUT2034',
      severity: 'warning',
      path,
      message: `Requests to '${host}' on port ${port} go to ${ruleText(provenanceOf(rival.stored))}, which has the better claim to that name.`,
    }))
}
