import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { secretDiagnostics } from '../diagnostics/secretDiagnostics.ts'
import type { Registry } from '../registry/registry.ts'
import { clientTlsSecrets } from './clientTlsSecrets.ts'
import { selectedLabels } from './labelConditionsOf.ts'
import type { TlsPlace } from './tlsPlaces.ts'

/** What is the matter with the secrets that the TLS at a place of `rule` names, and who gets none of them. */
export const clientSecretDiagnostics = (
  rule: Resource<'DestinationRule'>,
  { path, tls }: TlsPlace,
  registry: Pick<Registry, 'secretProblem'>,
): readonly Diagnostic[] => {
  const { certificate, authorities } = clientTlsSecrets(tls, rule.metadata.namespace)
  const named = [certificate, authorities]
    .filter((one) => one !== undefined)
    .map(({ field, secret }) => ({ secret, path: `${path}/${field}` }))
  const [first] = named
  if (first === undefined) return []
  // Whoever it selects is of its own namespace; else whose secrets it means is theirs to say.
  if (selectedLabels(rule) !== undefined) return secretDiagnostics(named, 'named', registry)
  return [
    {
      code: 'RUT2101',
      severity: 'warning',
      path: first.path,
      message:
        'Sidecars get no secret by a rule without a workloadSelector, and make no connections to the host where it holds. Proxies of type ingress and router do, with the secret of their own namespace.',
    },
    ...secretDiagnostics(named, 'proxies', registry),
  ]
}
