import { expect, onTestFinished, test } from 'vitest'
import { startController } from '../../src/cli/startController.ts'
import type { XdsResource, XdsType } from '../../src/model/xds.ts'
import { secretReference } from '../../src/projections/views/secretReference.ts'
import { withSecrets } from '../../src/streams/withSecrets.ts'

const resource = (name: string): XdsResource => ({
  name,
  version: '1',
  bytes: () => new Uint8Array(),
  causes: [],
})

test('T8: a proxy gets the secrets that its own configuration names, and no other', () => {
  const intended = withSecrets(
    {
      managed: true,
      position: () => 1,
      names: (type: XdsType) => (type === 'secrets' ? ['default/mine', 'default/gone'] : []),
      get: (type, name) =>
        type === 'secrets' && ['default/mine', 'default/gone'].includes(name)
          ? secretReference(name)
          : undefined,
    },
    { resource: (name) => (name === 'default/gone' ? undefined : resource(name)) },
  )
  expect(intended.get('secrets', 'default/mine')).toMatchObject({ name: 'default/mine', version: '1' })
  expect(intended.get('secrets', 'default/gone')).toBeUndefined()
  expect(intended.get('secrets', 'default/another')).toBeUndefined()
  expect(intended.get('clusters', 'default/mine')).toBeUndefined()
})

test.each([
  ['127.0.0.1', false],
  ['0.0.0.0', true],
])('T8: in plain text secrets go to proxies on this machine only: %s', async (host, refused) => {
  const notices: string[] = []
  const started = await startController({
    log: 'memory',
    http: { host: '127.0.0.1', port: 0 },
    xds: { host, port: 0 },
    secrets: '/no/such/directory',
    version: 'test',
    notice: (text) => notices.push(text),
    lost: (reason) => {
      throw reason
    },
  })
  onTestFinished(() => started.close())
  expect(notices.some((text) => text.startsWith('secrets are not served'))).toBe(refused)
})
