import type { SecretProblem } from './secret.ts'

/** A PEM file on the proxies' machines that a rule or a setting names, and what it is to hold: a certificate with its
 *  chain, its key (`of`: the file of the certificate), authorities, or what they have revoked. */
export type CertificateFile =
  | { readonly path: string; readonly holds: 'certificate' | 'authorities' | 'revocations' }
  | { readonly path: string; readonly holds: 'key'; readonly of?: string }

/** Answers what is the matter with a file as it is on this machine now; `undefined`: nothing, or nobody here looks. */
export type CertificateFileCheck = (file: CertificateFile) => SecretProblem | undefined

/** Answers what is in the files of the secret `name` on this machine, as they were last seen whole: a text of hex digits
 *  that is another when they are others; '' while they were not. From then on somebody says when it has changed. */
export type CertificateFileState = (name: string, files: readonly CertificateFile[]) => string
