import { describe, expect, test } from 'vitest'
import type { ClientTls, DestinationRuleSpec } from '../../../src/model/istio/destinationRule.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio } from './following.ts'

const ports = [
  { name: 'http', port: 80 },
  { name: 'http-safe', port: 81, authPolicy: 'enable' as const },
  { name: 'tcp', port: 90 },
]
const host = 'bank.default.svc.cluster.local'
const bank = stored('Service', 'bank', { ports }).resource

const told = (spec: Partial<DestinationRuleSpec>, ...others: readonly Resource[]) => {
  const rule = istio('DestinationRule', 'bank', { host, ...spec })
  const projector = createProjector(given(...[bank, rule, ...others].map(applied)))
  return diagnosticsOf(rule, projector.registry()).map(
    ({ code, severity, path, message }) => `${code} ${severity} ${path} ${/port (\d+)/.exec(message)?.[1]}`,
  )
}
const at = (number: number, mode: ClientTls['mode']): Partial<DestinationRuleSpec> => ({
  trafficPolicy: { portLevelSettings: [{ port: { number }, ...(mode && { tls: { mode } }) }] },
})
const portLevel = '/spec/trafficPolicy/portLevelSettings/0/tls/mode'

describe('TLS that the other side does not speak', () => {
  test('Y25: a port with mutual TLS refuses who shows no certificate', () => {
    for (const mode of ['DISABLE', 'SIMPLE'] as const)
      expect(told(at(81, mode))).toEqual([`RUT2109 error ${portLevel} 81`])
    for (const mode of ['MUTUAL', 'ISTIO_MUTUAL', undefined] as const) expect(told(at(81, mode))).toEqual([])
    expect(told(at(80, 'DISABLE'))).toEqual([])
  })

  test('Y25: a port of the mesh without it takes no mutual TLS, and where it is HTTP perhaps no TLS', () => {
    for (const number of [80, 90])
      expect(told(at(number, 'ISTIO_MUTUAL'))).toEqual([`RUT2109 error ${portLevel} ${number}`])
    for (const mode of ['SIMPLE', 'MUTUAL'] as const) {
      expect(told(at(80, mode))).toEqual([`RUT2109 warning ${portLevel} 80`])
      expect(told(at(90, mode))).toEqual([])
    }
  })

  test('Y25: what is said of the whole is not for ports with settings of their own; subsets say it too', () => {
    const whole: DestinationRuleSpec = {
      host,
      trafficPolicy: { tls: { mode: 'DISABLE' }, portLevelSettings: [{ port: { number: 81 } }] },
    }
    expect(told(whole)).toEqual([])
    expect(told({ trafficPolicy: { tls: { mode: 'DISABLE' } } })).toEqual([
      'RUT2109 error /spec/trafficPolicy/tls/mode 81',
    ])
    const subset = { name: 'a', trafficPolicy: { tls: { mode: 'DISABLE' as const } } }
    expect(told({ subsets: [subset] })).toEqual(['RUT2109 error /spec/subsets/0/trafficPolicy/tls/mode 81'])
  })

  test('Y25: a host with * is looked at as far as no other rule goes first; hosts outside are not', () => {
    const all = { host: '*.svc.cluster.local', trafficPolicy: { tls: { mode: 'DISABLE' as const } } }
    expect(told(all)).toEqual(['RUT2109 error /spec/trafficPolicy/tls/mode 81'])
    const nearer = istio('DestinationRule', 'other', { host })
    expect(told(all, nearer)).toEqual([])
    const outside = istio('ServiceEntry', 'out', {
      hosts: ['out.example.com'],
      ports: [{ number: 80, name: 'http' }],
      resolution: 'DNS',
    })
    const tls = { mode: 'SIMPLE' as const }
    expect(told({ host: 'out.example.com', trafficPolicy: { tls } }, outside)).toEqual([])
  })
})
