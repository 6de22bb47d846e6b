import type { XdsResource } from './xds.ts'

/** What is the matter with a secret: `missing` and `unusable` mean that no connection can be made with it, `unseen` that
 *  it is not for this controller to say. */
export type SecretProblem = {
  readonly kind: 'missing' | 'unusable' | 'expired' | 'unseen'
  /** A sentence, without what is secret. */
  readonly message: string
}

/** Answers what is the matter as of now with what proxies ask for under this name, a certificate or authorities (as of
 *  `Secrets`); `undefined`: nothing, or nobody here can know. */
export type SecretCheck = (name: string) => SecretProblem | undefined

/** Certificates and keys, by the names that listeners and clusters ask for: `<namespace>/<name>` for the certificate and
 *  its key, `<namespace>/<name>/ca` for the authorities that the other side's certificates are of. They are no part of
 *  the mesh and never in the log. */
export type Secrets = {
  /** Envoy's Secret as it goes out; `undefined` while there is none that can be used. */
  resource(name: string): XdsResource | undefined
  readonly problem: SecretCheck
}

/** The name by which listeners and clusters ask for the authorities beside a secret. */
export const authoritiesOf = (name: string): string => `${name}/ca`

/** `<namespace>/<name>` of the secret of which `name` asks for a certificate, or for the authorities beside it. */
export const secretOf = (name: string): string => name.split('/').slice(0, 2).join('/')
