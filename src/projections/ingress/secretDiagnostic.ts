import type { Diagnostic } from '../../model/diagnostic.ts'
import type { SecretProblem } from '../../model/secret.ts'
import type { Registry } from '../registry/registry.ts'

/** What is the matter with the secret `<namespace>/<name>`, which `path` names; nothing where all is well. */
export const secretDiagnostic = (
  secret: string,
  path: string,
  registry: Pick<Registry, 'secretProblem'>,
): readonly Diagnostic[] => {
  const problem = registry.secretProblem(secret)
  return problem === undefined ? [] : [diagnosticOf(secret, path, problem)]
}

const diagnosticOf = (secret: string, path: string, { kind, message }: SecretProblem): Diagnostic => {
  switch (kind) {
    case 'expired':
      return {
        code: 'RUT2054',
        severity: 'warning',
        path,
        message: `The secret ${secret} is out of date: ${message}. It is shown all the same.`,
      }
    case 'unseen':
      return {
        code: 'RUT2057',
        severity: 'info',
        path,
        message: `Whether there is a secret ${secret} is not known: ${message}. Agents that have it show it.`,
      }
    default:
      return {
        code: 'RUT2051',
        severity: 'error',
        path,
        message: `The secret ${secret} cannot be shown: ${message}. Until it can, connections for it are closed.`,
      }
  }
}
