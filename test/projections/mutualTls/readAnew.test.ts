import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesOf, readAnew } from '../../../src/projections/mutualTls/readAnew.ts'
import {
  workloadAuthorities,
  workloadCertificate,
  workloadFiles,
  workloadSecretNames,
  workloadSecrets,
} from '../../../src/projections/mutualTls/workloadSecrets.ts'
import { showResource } from '../../../src/projections/showResource.ts'

const secrets = workloadSecrets('/etc/certs')
const named = (name: string) => {
  const secret = secrets.get(name)
  if (secret === undefined) throw new Error(name)
  return secret
}
const states = ['0'.repeat(64), 'f'.repeat(64), `8${'0'.repeat(63)}`, `0000000${'1'.repeat(57)}`]

describe('a secret of a workload that is to be read anew', () => {
  test('M9: names the files that it is made of', () => {
    const files = workloadSecretNames.flatMap((name) => filesOf(named(name)))
    expect(files).toEqual(workloadFiles('/etc/certs'))
  })

  test.each(workloadSecretNames)('M9: is another with every state, and means the same: %s', (name) => {
    const secret = named(name)
    const told = states.map((state) => readAnew(secret, state))
    expect(new Set([secret, ...told].map(({ version }) => version)).size).toBe(states.length + 1)
    const field = name === workloadCertificate ? 'tls_certificate' : 'validation_context'
    for (const one of told) {
      const shown = showResource('secrets', one) as Record<string, { watched_directory: { path: string } }>
      const { path } = shown[field]?.watched_directory ?? { path: '' }
      expect(posix.resolve(path)).toBe('/etc/certs')
      expect({ ...shown, [field]: { ...shown[field], watched_directory: { path: '/etc/certs' } } }).toEqual(
        showResource('secrets', secret),
      )
    }
  })

  test('M9: is as it was where nothing whole was seen, and equal for equal states', () => {
    expect(readAnew(named(workloadAuthorities), '')).toBe(named(workloadAuthorities))
    const [state = ''] = states
    expect(readAnew(named(workloadAuthorities), state).version).toBe(
      readAnew(named(workloadAuthorities), state).version,
    )
  })
})
