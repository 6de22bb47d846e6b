import { expect, test } from 'vitest'
import { problemsOf } from './problemsOf.ts'

const refusals = (spec: unknown) =>
  problemsOf(
    JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'x' }, spec }),
    'json',
  )
const backend = { service: { name: 'shop', port: { number: 80 } } }
const paths = (...all: unknown[]) => ({ rules: [{ host: 'a.org', http: { paths: all } }] })

test.each([
  [{}],
  [{ ingressClassName: 'rutter', defaultBackend: backend, tls: [{ hosts: ['a.org'], secretName: 'cert' }] }],
  [paths({ path: '/a', pathType: 'Exact', backend }, { pathType: 'ImplementationSpecific', backend })],
  [{ rules: [{ host: '*.a.org' }, { http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] }],
])('I9: the Ingress %j is read', (spec) => {
  expect(refusals(spec)).toEqual([])
})

test.each([
  [paths({ path: 'a', pathType: 'Exact', backend }), '/spec/rules/0/http/paths/0/path'],
  [paths({ pathType: 'Prefix', backend }), '/spec/rules/0/http/paths/0'],
  [paths({ path: '/', pathType: 'prefix', backend }), '/spec/rules/0/http/paths/0/pathType'],
  [paths({ path: '/', pathType: 'Exact', backend: {} }), '/spec/rules/0/http/paths/0/backend'],
  [{ rules: [{ host: 'a.org:80' }] }, '/spec/rules/0/host'],
  [{ defaultBackend: { ...backend, resource: {} } }, '/spec/defaultBackend/resource'],
  [{ backend }, '/spec/backend'],
])('I9: the Ingress %j is refused at its place', (spec, at) => {
  const problems = refusals(spec)
  expect(problems).toHaveLength(1)
  expect(JSON.stringify(problems)).toContain(at)
})
