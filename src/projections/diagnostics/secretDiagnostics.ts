import type { Diagnostic } from '../../model/diagnostic.ts'
import { type SecretProblem, secretOf } from '../../model/secret.ts'
import type { Registry } from '../registry/registry.ts'

/** A secret by the name under which proxies ask for it, and where it is named. */
export type NamedSecret = { readonly secret: string; readonly path: string }

/** What is the matter with `secrets`, each thing once at its place; nothing where all is well. `whose`: `named` are these
 *  and no others; `proxies`: they stand for the secrets that proxies of whatever namespace have under their names. */
export const secretDiagnostics = (
  secrets: readonly NamedSecret[],
  whose: 'named' | 'proxies',
  { secretProblem }: Pick<Registry, 'secretProblem'>,
): readonly Diagnostic[] => {
  const found = new Map<string, Diagnostic>()
  for (const { secret, path } of secrets) {
    const problem = secretProblem(secret)
    if (problem === undefined) continue
    const name = secretOf(secret)
    const told = whose === 'named' ? ofNamed(name, path, problem) : ofProxies(name, path, problem)
    // Of a secret that is not there neither its certificate is nor its authorities are.
    found.set(`${path} ${told.message}`, told)
  }
  return [...found.values()]
}

const ofNamed = (secret: string, path: string, { kind, message }: SecretProblem): Diagnostic => {
  switch (kind) {
    case 'expired':
      return {
        code: 'RUT2054',
        severity: 'warning',
        path,
        message: `The secret ${secret} is out of date: ${message}. It is used all the same.`,
      }
    case 'unseen':
      return {
        code: 'RUT2057',
        severity: 'info',
        path,
        message: `Whether there is a secret ${secret} is not known: ${message}. Agents that have it use it.`,
      }
    default:
      return {
        code: 'RUT2051',
        severity: 'error',
        path,
        message: `The secret ${secret} cannot be used: ${message}. Until it can, connections that need it fail.`,
      }
  }
}

const ofProxies = (secret: string, path: string, { message }: SecretProblem): Diagnostic => ({
  code: 'RUT2057',
  severity: 'info',
  path,
  message: `The secret is that of the proxies' own namespace. Of those in ${secret.split('/')[0]}: ${message}.`,
})
