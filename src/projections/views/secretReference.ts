import type { XdsResource } from '../../model/xds.ts'
import { typeUrlOf } from '../../model/xds.ts'
import { encoded } from '../encoded.ts'

const referenceVersion = 'reference'

/** Stands for the secret `name` in a proxy's configuration: that it has it, not what is in it, which whoever speaks to
 *  the Envoy puts in. */
export const secretReference = (name: string): XdsResource => ({
  name,
  version: referenceVersion,
  bytes: () => encoded(typeUrlOf.secrets, { name }).bytes,
  causes: [],
})

/** True of what `secretReference` gives, also when it has come over a bus. */
export const isSecretReference = ({ version }: XdsResource): boolean => version === referenceVersion
