import type { CertificateFile } from '../../model/certificateFile.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Registry } from '../registry/registry.ts'

/** What is the matter with `file`, which `path` names, on the machine that looks; nothing where all is well. Proxies read
 *  the files of their own machines, so that it is no error. */
export const certificateFileDiagnostics = (
  file: CertificateFile,
  path: string,
  { fileProblem }: Pick<Registry, 'fileProblem'>,
): readonly Diagnostic[] => {
  const problem = fileProblem(file)
  if (problem === undefined) return []
  const { kind, message } = problem
  switch (kind) {
    case 'expired':
      return [
        {
          code: 'RUT2054',
          severity: 'warning',
          path,
          message: `The certificate in ${file.path} is out of date on this machine: ${message}.`,
        },
      ]
    case 'unseen':
      return [
        {
          code: 'RUT2057',
          severity: 'info',
          path,
          message: `What is in ${file.path} is not known: ${message}. Proxies read it on their own machines.`,
        },
      ]
    default:
      return [
        {
          code: 'RUT2058',
          severity: 'warning',
          path,
          message: `${file.path} is of no use on this machine: ${message}. Proxies whose own machine has no better one cannot make the connections that need it.`,
        },
      ]
  }
}
