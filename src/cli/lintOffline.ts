import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { readResources } from '../codecs/readResources.ts'
import type { CertificateFileCheck } from '../model/certificateFile.ts'
import type { Problem } from '../model/diagnostic.ts'
import { keyOf } from '../model/resourceName.ts'
import type { SecretCheck } from '../model/secret.ts'
import { allDiagnostics } from '../projections/diagnostics/allDiagnostics.ts'
import { createRegistry } from '../projections/registry/createRegistry.ts'
import { admit } from '../reducers/admit.ts'
import { emptySnapshot, reduceMesh } from '../reducers/mesh.ts'
import type { Finding } from './printFindings.ts'
import type { TextFile } from './textFiles.ts'

/** What is the matter with the mesh that `files` alone make up; `secretProblem` knows about the secrets that
 *  they name, `fileProblem` about files of certificates.
 *  Left: why they would be refused. */
export const lintOffline = (
  files: readonly TextFile[],
  secretProblem: SecretCheck,
  fileProblem?: CertificateFileCheck,
): Either<readonly Problem[], readonly (Finding & { readonly key: string })[]> => {
  const read = readResources(files)
  if (isLeft(read)) return left(read.left.problems)
  const changes = read.right.map((decoded) => ({ type: 'apply' as const, ...decoded }))
  const admitted = admit(emptySnapshot.mesh, { changes, actor: 'lint', source: 'lint' })
  if (isLeft(admitted)) return left([clashOf(admitted.left)])
  const about = { id: '', at: emptySnapshot.at, actor: 'lint', source: 'lint' }
  const events = admitted.right.events.map((event) => ({ ...event, ...about }))
  const { mesh } = reduceMesh(emptySnapshot, events.length === 0 ? [] : [{ position: 1, hash: '', events }])
  const registry = createRegistry(secretProblem, fileProblem)
  registry.moveTo(mesh)
  return right(
    allDiagnostics(mesh, registry).flatMap(({ name, diagnostics }) =>
      diagnostics.map((diagnostic) => ({
        ...diagnostic,
        key: keyOf(name),
        resource: `${name.kind.toLowerCase()}/${name.namespace}/${name.name}`,
      })),
    ),
  )
}

/** Of documents that are valid by themselves only two that claim the same thing can be refused. */
const clashOf = (rejection: object): Problem => {
  const { message = 'the documents are refused together', origin } = rejection as {
    readonly message?: string
    readonly origin?: { readonly file: string; readonly line: number }
  }
  return { code: 'conflict', message, line: 1, ...origin, column: 1, path: '' }
}
