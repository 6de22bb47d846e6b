import { expect, onTestFinished, test } from 'vitest'
import { startController } from '../../src/cli/startController.ts'
import { service } from '../reducers/given.ts'

test('S16: /metrics offers every figure under a name and with a sentence of its own', async () => {
  const started = await startController({
    log: 'memory',
    http: { host: '127.0.0.1', port: 0 },
    xds: { host: '127.0.0.1', port: 0 },
    version: 'test',
    notice: () => {},
    lost: () => {},
  })
  onTestFinished(() => started.close())
  const put = await fetch(`${started.http.url}/api/v1/config/Service/default/reviews`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(service('reviews')),
  })
  expect(put.status).toBe(201)
  const scrape = async () => (await fetch(`${started.http.url}/metrics`)).text()
  await scrape()
  const text = await scrape()
  for (const line of [
    'rutter_position 1',
    'rutter_projected_position 1',
    'rutter_entries_appended_total 1',
    'rutter_append_conflicts_total 0',
    'rutter_rejected_resources 0',
    'rutter_checkpoints_failed_total 0',
    'rutter_xds_streams 0',
  ])
    expect(text.split('\n')).toContain(line)
  const named = [...text.matchAll(/^# TYPE (rutter_\S+) (\S+)$/gm)]
  expect(named.length).toBeGreaterThan(20)
  for (const [, name = '', type] of named) {
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'))
  }
})
