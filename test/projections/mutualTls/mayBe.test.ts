import { describe, expect, test } from 'vitest'
import type { ProxyIdentity } from '../../../src/model/proxy.ts'
import { mayBe } from '../../../src/projections/mutualTls/mayBe.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given, instance } from '../../reducers/given.ts'

const registry = createProjector(
  given(applied(instance('web-1', 'web', '10.1.0.1', { serviceAccount: 'web' }))),
).registry()

const router = (id: string, domain: string, ip = '10.9.9.9'): ProxyIdentity => ({
  type: 'router',
  node: `router~${ip}~${id}~${domain}`,
  ip,
  id,
  domain,
})

const [inDefault, inProd] = ['default.svc.cluster.local', 'prod.svc.cluster.local']
const account = 'spiffe://cluster.local/ns/default/sa/web'

describe('whom a certificate names', () => {
  test.each([
    ['the node id', router('edge', inProd), `router~10.9.9.9~edge~${inProd}`],
    ['the third part of an id of its namespace', router('edge.prod', inProd), 'edge.prod'],
    ['one without a namespace, which is the default', router('edge', inDefault), 'edge'],
    ['the account of the workload at its ip', router('any.default', inDefault, '10.1.0.1'), account],
  ])('X14: %s may be that node', (_, identity, name) => expect(mayBe(identity, [name], registry)).toBe(true))

  test.each([
    ['a third part of another namespace', router('web.default', inProd), 'web.default'],
    ['one without a namespace', router('edge', inProd), 'edge'],
    ['an account of another namespace', router('any.prod', inProd, '10.1.0.1'), account],
    ['a third part whose ip is of another namespace', router('web.prod', '', '10.1.0.1'), 'web.prod'],
    ['an account that runs elsewhere', router('any.default', inDefault), account],
  ])('X14: %s may not, whose secrets it would get', (_, identity, name) =>
    expect(mayBe(identity, [name], registry)).toBe(false),
  )
})
