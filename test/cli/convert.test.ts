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

/** A rule for requests over TLS to `host`, on this port of ingress proxies. */
const overTls = (name: string, port: number, host: string): string => `apiVersion: config.istio.io/v1alpha2
kind: IngressRule
metadata: {name: ${name}}
spec:
  destination: {name: reviews}
  port: ${port}
  tlsSecret: shown.edge
  match: {request: {headers: {authority: {exact: ${host}}}}}
---
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
    expect(await runCli(['lint', '--strict', '-f', fileOf(out)])).toMatchObject({ code: 0, err: '' })
    // Without a word Istio waits for ever.
    expect(out.match(/timeout: \S+/g)).toEqual(['timeout: 3s', 'timeout: 0s'])
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

  test('CV3: a match of Istio loses its statistics alone', async () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /a}, statPrefix: shop}]
    route: [{destination: {host: reviews}}]
  - match: [{statPrefix: rest}]
    route: [{destination: {host: reviews}}]
`
    const { code, out, err } = await runCli(['convert', '--to', 'v1alpha2', '-f', fileOf(rule)])
    expect([code, out.match(/kind: RouteRule/g)?.length]).toEqual([1, 2])
    expect(err.match(/lost \/\S+/g)).toEqual([
      'lost /spec/http/0/match/0/statPrefix:',
      'lost /spec/http/1/match/0/statPrefix:',
    ])
  })

  test('CV3: a rule for connections is left out, and told', async () => {
    const rule = old.replace(
      'match: {request: {headers: {cookie: {regex: "user=jason"}}}}',
      'match: {tcp: {}}',
    )
    const { code, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf(rule)])
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('lost /spec/match/tcp: rules for connections are not converted: '),
    ])
  })

  test('CV3: labels and annotations of a document that is rewritten are told, of one that stays they stay', async () => {
    const marked = (text: string) =>
      text.replace(
        /metadata: \{(name: (?:reviews|jason))\}/g,
        'metadata: {$1, labels: {team: a}, annotations: {note: b}}',
      )
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf(marked(service + old))])
    expect([code, out.match(/team: a/g)]).toEqual([1, ['team: a']])
    expect(err.match(/lost \/\S+/g)).toEqual(['lost /metadata/labels:', 'lost /metadata/annotations:'])
  })

  test('CV5: EgressRules become ServiceEntries with TLS by a DestinationRule, and come back', async () => {
    const egress = `apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: httpbin}
spec:
  destination: {service: httpbin.org}
  ports: [{port: 80, protocol: HTTP}, {port: 443, protocol: HTTPS}]
`
    const there = await runCli(['convert', '--to', 'istio', '-f', fileOf(egress)])
    expect([there.code, there.err]).toEqual([0, ''])
    expect(there.out).toMatch(/hosts:\n {4}- httpbin.org\n {2}resolution: DNS/)
    expect(there.out).toMatch(/number: 443\n {8}tls:\n {10}mode: SIMPLE\n {10}sni: httpbin.org/)
    expect(await runCli(['lint', '--strict', '-f', fileOf(there.out)])).toMatchObject({ code: 0, err: '' })
    const back = await runCli(['convert', '--to', 'v1alpha2', '-f', fileOf(there.out)])
    expect([back.code, back.err]).toEqual([0, ''])
    expect(back.out).toMatch(/kind: EgressRule[\s\S]*port: 443\n {6}protocol: HTTPS/)
    expect(back.out).not.toContain('DestinationPolicy')
  })

  test('CV5: what EgressRules cannot find, or pass on, is told at its place', async () => {
    const file = fileOf(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api}
spec:
  hosts: [api.test]
  resolution: DNS
  ports:
  - {number: 80, name: http, protocol: HTTP, targetPort: 8080}
  - {number: 443, name: tls, protocol: TLS}
  - {number: 81, name: http-too, protocol: HTTP}
  exportTo: ['.']
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: static}
spec:
  hosts: [db.test]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1}]
  ports: [{number: 3306, name: tcp, protocol: TCP}]
`)
    const { code, out, err } = await runCli(['convert', '--to', 'v1alpha2', '-f', file])
    expect([code, out.match(/port: \d+/g)]).toEqual([1, ['port: 81']])
    expect(err.split('\n').map((line) => line.replace(file, '').replace(/ lost (\S+):.*/, ' $1'))).toEqual([
      ':11:13 /spec/exportTo',
      ':8:58 /spec/ports/0/targetPort',
      ':9:40 /spec/ports/1/protocol',
      ':19:14 /spec/endpoints',
      '',
    ])
  })

  test('CV5: names that the proxy looks up are lost, told at their place, and a document without them is written', async () => {
    const file = fileOf(`${service}apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: names}
spec:
  hosts: ['*.b.org']
  ports: [{number: 80, name: http}]
  resolution: DYNAMIC_DNS
`)
    const { code, out, err } = await runCli(['convert', '--to', 'v1alpha2', '-f', file])
    expect([code, out.match(/kind: \w+/g)]).toEqual([1, ['kind: Service', 'kind: Instance']])
    expect(err).toBe(
      `${file}:17:15 lost /spec/resolution: EgressRules do not look up the name asked for: the document is left out\n`,
    )
    const kept = await runCli(['convert', '--to', 'istio', '-f', file])
    expect([kept.code, kept.err, kept.out.includes('resolution: DYNAMIC_DNS')]).toEqual([0, '', true])
  })

  const ingress = (host: string) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
  - host: ${host}
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: reviews, port: {number: 9080}}}}]}
`
  const ruled = `apiVersion: config.istio.io/v1alpha2
kind: IngressRule
metadata: {name: rule}
spec: {destination: {name: reviews}, match: {request: {headers: {authority: {exact: a.test}, uri: {prefix: /r}}}}}
`

  test('CV11: an Ingress of Kubernetes is of neither dialect and stays as it is; what goes before it then is told', async () => {
    for (const to of ['istio', 'v1alpha2']) {
      const alone = await runCli(['convert', '--to', to, '-f', fileOf(service + ingress('a.test'))])
      expect([alone.code, alone.err]).toEqual([0, ''])
      expect(alone.out).toMatch(/kind: Ingress[\s\S]*pathType: Prefix/)
    }
    const elsewhere = `${service}${ruled}---\n${ingress('b.test')}`
    expect((await runCli(['convert', '--to', 'istio', '-f', fileOf(elsewhere)])).code).toBe(0)
    const there = await runCli([
      'convert',
      '--to',
      'istio',
      '-f',
      fileOf(`${service}${ruled}---\n${ingress('a.test')}`),
    ])
    expect([there.code, there.err.match(/lost \S+/g)]).toEqual([1, ['lost Ingress/default/web:']])
    const behind = `${service}${ingress('a.test')}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
`
    const back = await runCli(['convert', '--to', 'v1alpha2', '-f', fileOf(behind)])
    expect([back.code, back.err.match(/lost \S+/g)]).toEqual([1, ['lost Ingress/default/web:']])
  })

  test('CV7: a host over TLS at two ports is sent to one of them, which is told', async () => {
    const args = ['--ingress-namespace', 'edge', '-f']
    const both = fileOf(service + overTls('a', 8443, 'a.test') + overTls('b', 443, 'a.test'))
    const there = await runCli(['convert', '--to', 'istio', ...args, both])
    expect([there.code, there.err]).toEqual([0, ''])
    const back = await runCli(['convert', '--to', 'v1alpha2', ...args, fileOf(there.out)])
    expect([back.code, back.err]).toEqual([1, expect.stringContaining('lost /spec/http/0/redirect: ')])
  })

  test('CV6, CV7: where port 80 is over TLS nothing is sent to TLS from there, and nothing is told of it', async () => {
    const args = ['--ingress-namespace', 'edge', '-f']
    const there = await runCli([
      'convert',
      '--to',
      'istio',
      ...args,
      fileOf(service + overTls('a', 80, 'a.test') + overTls('b', 443, 'b.test')),
    ])
    expect([there.code, there.err, there.out.includes('redirect')]).toEqual([0, '', false])
    const back = await runCli(['convert', '--to', 'v1alpha2', ...args, fileOf(there.out)])
    expect([back.code, back.err]).toEqual([0, ''])
  })

  test('CV6: IngressRules become a Gateway and a VirtualService for each host; secrets are told', async () => {
    const ingress = (name: string, spec: string) => `apiVersion: config.istio.io/v1alpha2
kind: IngressRule
metadata: {name: ${name}}
spec: {destination: {name: reviews}, ${spec}}
`
    const plain = ingress(
      'plain',
      'match: {request: {headers: {authority: {exact: a.test}, uri: {prefix: /r}}}}',
    )
    const given = fileOf(service + plain)
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', given])
    expect([code, err, out.match(/kind: (Gateway|VirtualService)/g)?.length]).toEqual([0, '', 2])
    expect(await runCli(['lint', '--strict', '-f', fileOf(out)])).toMatchObject({ code: 0, err: '' })
    const file = fileOf(`${service}${old}---\n${ingress('tls', 'tlsSecret: a.default')}---\n${plain}`)
    const lossy = await runCli(['convert', '--to', 'istio', '-f', file])
    expect([lossy.code, lossy.err.match(/lost \S+/g)]).toEqual([
      1,
      ['lost /spec/destination:', 'lost /spec/tlsSecret:'],
    ])
  })

  const secured = `apiVersion: config.istio.io/v1alpha2
kind: IngressRule
metadata: {name: secured}
spec:
  destination: {name: reviews}
  destinationPort: 9080
  tlsSecret: shown.edge
  match: {request: {headers: {authority: {exact: a.test}, uri: {prefix: /r}}}}
`

  test('CV6, CV7: an IngressRule over TLS becomes a Gateway and comes back', async () => {
    const args = ['--ingress-namespace', 'edge', '-f']
    const there = await runCli(['convert', '--to', 'istio', ...args, fileOf(service + secured)])
    expect([there.code, there.err]).toEqual([0, ''])
    expect(there.out).toMatch(/mode: SIMPLE\n {8}credentialName: shown/)
    expect(there.out).toMatch(/redirect:\n {8}scheme: https/)
    expect(await runCli(['lint', '--strict', '-f', fileOf(there.out)])).toMatchObject({ code: 0 })
    const back = await runCli(['convert', '--to', 'v1alpha2', ...args, fileOf(there.out)])
    expect([back.code, back.err, back.out.match(/kind: \w+/g)]).toEqual([
      0,
      '',
      ['kind: Service', 'kind: Instance', 'kind: IngressRule'],
    ])
    expect(back.out).toMatch(/destinationPort: 9080[\s\S]*tlsSecret: shown\.edge/)
    expect(back.out).toMatch(/authority:\n {10}exact: a\.test/)
    const elsewhere = await runCli([
      'convert',
      '--to',
      'istio',
      '--ingress-namespace',
      'other',
      '-f',
      fileOf(secured),
    ])
    expect([elsewhere.code, elsewhere.err.match(/lost \S+/g)]).toEqual([1, ['lost /spec/tlsSecret:']])
  })

  test('CV7: what IngressRules cannot say of Gateways and their routes is told at its place', async () => {
    const file = fileOf(`${service}apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {app: edge}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.test], tls: {mode: MUTUAL, credentialName: a}}
  - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [a.test, b.test]
  gateways: [edge, gone]
  http:
  - match: [{uri: {exact: /old}}]
    redirect: {uri: /new}
  - match: [{queryParams: {q: {exact: x}}}]
    route: [{destination: {host: reviews}}]
    timeout: 15s
  - match: [{uri: {prefix: /v1}}]
    route: [{destination: {host: reviews, subset: v1}}]
    timeout: 15s
  - route: [{destination: {host: reviews}}]
    rewrite: {uri: /}
    timeout: 3s
`)
    const { code, out, err } = await runCli(['convert', '--to', 'v1alpha2', '-f', file])
    expect(err.match(/lost \S+/g)).toEqual([
      'lost /spec/gateways/1:',
      'lost /spec/selector:',
      'lost /spec/servers/1/tls/mode:',
      'lost /spec/servers/2/port/protocol:',
      'lost /spec/http/0/redirect:',
      'lost /spec/http/1/match/0/queryParams:',
      'lost /spec/http/2/route/0/destination/subset:',
      'lost /spec/http/3/rewrite:',
      'lost /spec/http/3/timeout:',
    ])
    expect([code, out.match(/exact: [ab]\.test/g)]).toEqual([1, ['exact: a.test', 'exact: b.test']])
    expect(await runCli(['lint', '--strict', '-f', fileOf(out)])).toMatchObject({ code: 0, err: '' })
  })

  test('CV4: invalid input ends with 65, and nothing is written', async () => {
    const { code, out, err } = await runCli(['convert', '--to', 'istio', '-f', fileOf('kind: RouteRul\n')])
    expect([code, out]).toEqual([65, ''])
    expect(err).toContain('RUT1201')
    expect((await runCli(['convert', '--to', 'gateway', '-f', '-'])).code).toBe(64)
  })
})
