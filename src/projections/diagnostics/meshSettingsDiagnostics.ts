import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { workloadFiles } from '../mutualTls/workloadSecrets.ts'
import type { Registry } from '../registry/registry.ts'
import { certificateFileDiagnostics } from './certificateFileDiagnostics.ts'

/** Files that the settings name, or that mutual TLS of the whole mesh needs, and that are of no use. */
export const meshSettingsDiagnostics = (
  { spec }: Resource<'MeshSettings'>,
  registry: Registry,
): readonly Diagnostic[] => [
  ...workloadCertificates(spec, registry),
  ...(spec.trustedCaPath === undefined
    ? []
    : certificateFileDiagnostics(
        { path: spec.trustedCaPath, holds: 'authorities' },
        '/spec/trustedCaPath',
        registry,
      )),
]

// Where nothing speaks mutual TLS nobody reads the files.
const workloadCertificates = (
  { authPolicy, certificatesPath }: Resource<'MeshSettings'>['spec'],
  registry: Registry,
): readonly Diagnostic[] => {
  if (authPolicy !== 'MUTUAL_TLS' && (certificatesPath === undefined || !someMutualTls(registry))) return []
  const path = certificatesPath === undefined ? '/spec/authPolicy' : '/spec/certificatesPath'
  const directory = registry.settings().certificatesPath
  const files = workloadFiles(directory)
  if (files.every((file) => registry.fileProblem(file)?.kind === 'missing'))
    return [
      {
        code: 'RUT2058',
        severity: 'warning',
        path,
        message: `There is none of cert-chain.pem, key.pem and root-cert.pem in ${directory} on this machine: without them on their own proxies cannot speak mutual TLS.`,
      },
    ]
  return files.flatMap((file) => certificateFileDiagnostics(file, path, registry))
}

const someMutualTls = (registry: Registry): boolean => {
  for (const { ports } of registry.services()) if (ports.some(({ mutualTls }) => mutualTls)) return true
  return false
}
