import type { Intended } from '../delivery/intended.ts'
import type { CertificateFileState } from '../model/certificateFile.ts'
import type { Secrets } from '../model/secret.ts'
import type { XdsResource } from '../model/xds.ts'
import { filesOf, readAnew } from '../projections/mutualTls/readAnew.ts'
import { workloadSecretNames } from '../projections/mutualTls/workloadSecrets.ts'
import { isSecretReference } from '../projections/views/secretReference.ts'

/** `intended` with what is in the secrets that it refers to, and those of its workload, which Envoy reads itself, told
 *  anew when their files have changed; others are out of its reach. */
export const withSecrets = (
  intended: Intended,
  secrets: Pick<Secrets, 'resource'> | undefined,
  fileState: CertificateFileState = () => '',
): Intended => {
  /** By name: a delivery asks again and again. */
  const told = new Map<string, { readonly of: string; readonly state: string; readonly as: XdsResource }>()

  const toldAnew = (secret: XdsResource): XdsResource => {
    const known = told.get(secret.name)
    const state = fileState(secret.name, filesOf(secret))
    if (known?.of === secret.version && known.state === state) return known.as
    const as = readAnew(secret, state)
    told.set(secret.name, { of: secret.version, state, as })
    return as
  }

  return {
    managed: intended.managed,
    position: intended.position,
    names: intended.names,
    get: (type, name) => {
      const resource = intended.get(type, name)
      if (type !== 'secrets' || resource === undefined) return resource
      if (isSecretReference(resource)) return secrets?.resource(name)
      return isOfWorkload(name) ? toldAnew(resource) : resource
    },
  }
}

const ofWorkload: ReadonlySet<string> = new Set(workloadSecretNames)
const isOfWorkload = (name: string): boolean => ofWorkload.has(name)
