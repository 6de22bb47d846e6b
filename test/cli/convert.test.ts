import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from './runCli.ts'

const fileOf = (text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-convert-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'rules.yaml'), text)
  return join(directory, 'rules.yaml')
}

const service = `apiVersion: rutter.dev/v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: rutter.dev/v1
kind: Instance
metadata: {name: a}
spec: {service: reviews, address: 127.0.1.2, labels: {version: v1}, ports: {http: 9080}}
---
`
const old = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: jason}
spec:
  destination: {name: reviews}
  precedence: 2
  match: {request: {headers: {cookie: {regex: "user=jason"}}}}
  route: [{labels: {version: v1}}]
  appendHeaders: {x-share: 50%}
---
apiVersion: config.istio.io/v1alpha2
kind: DestinationPolicy
metadata: {name: breaker}
spec:
  destination: {name: reviews, labels: {version: v1}}
  circuitBreaker: {simpleCb: {maxConnections: 10}}
`
const istio = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /a}}, {queryParams: {q: {exact: x}}}]
    route: [{destination: {host: reviews, subset: v1, port: {number: 9080}}}]
    timeout: 3s
  - route: [{destination: {host: reviews}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
`

describe('rutter convert', () => {
  test('CV2, CV4: rules of 2017 become those of Istio, valid and without findings', async () => {
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf(service + old)])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('kind: VirtualService')
    expect(out).toContain('x-share: 50%%')
    expect(out).toMatch(/timeout: 15s[\s\S]*- name: default/)
    expect(out).toMatch(/subsets:\n {4}- name: v1\n {6}labels:\n {8}version: v1\n {6}trafficPolicy:/)
    expect(await runCli(['lint', '--strict', '-f', fileOf(out)])).toMatchObject({ code: 0, err: '' })
  })

  test('CV2, CV3: rules of Istio become those of 2017; a condition that 2017 has not leaves its match out, told at its place', async () => {
    const file = fileOf(service + istio)
    const { code, out, err } = await runCli(['convert', '--to', 'v1alpha2', '-f', file])
    expect(code).toBe(1)
    expect(err).toBe(
      `${file}:17:48 lost /spec/http/0/match/1/queryParams: no rule of 2017 asks for that: this match is left out\n`,
    )
    expect(out.match(/kind: RouteRule/g)).toHaveLength(2)
    expect(out).toContain('timeout: 3s')
    expect(await runCli(['lint', '--strict', '-f', fileOf(out)])).toMatchObject({ code: 0, err: '' })
  })

  test('CV3: of a field without counterpart only the field is lost', async () => {
    const rule = old.replace(
      '  precedence: 2\n',
      '  httpReqTimeout: {simpleTimeout: {timeout: 1s, overrideHeaderName: x-timeout}}\n',
    )
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf(rule)])
    expect([code, out.includes('user=jason')]).toEqual([1, true])
    expect(err).toMatch(/lost \/spec\/httpReqTimeout\/simpleTimeout\/overrideHeaderName: /)
  })

  test('CV4: invalid input ends with 65, and nothing is written', async () => {
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf('kind: RouteRul\n')])
    expect([code, out]).toEqual([65, ''])
    expect(err).toContain('RUT1201')
    expect((await runCli(['convert', '--to', 'gateway', '-f', '-'])).code).toBe(64)
  })
})
