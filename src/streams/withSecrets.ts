import type { Intended } from '../delivery/intended.ts'
import type { Secrets } from '../model/secret.ts'
import { isSecretReference } from '../projections/secretReference.ts'

/** `intended` with what is in the secrets that it refers to; others are out of its reach. */
export const withSecrets = (
  intended: Intended,
  secrets: Pick<Secrets, 'resource'> | undefined,
): Intended => ({
  managed: intended.managed,
  position: intended.position,
  names: intended.names,
  get: (type, name) => {
    const resource = intended.get(type, name)
    if (type !== 'secrets' || resource === undefined || !isSecretReference(resource)) return resource
    return secrets?.resource(name)
  },
})
