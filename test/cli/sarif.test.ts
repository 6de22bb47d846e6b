import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authority } from '../certificates.ts'
import { runCli } from './runCli.ts'

type Json = Readonly<Record<string, unknown>>

/** Objects of SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json): what each must have and may have here. None of them takes
 *  properties that the schema does not name. */
const shapes = {
  log: { must: ['version', 'runs'], may: ['$schema'] },
  run: { must: ['tool'], may: ['results', 'columnKind'] },
  driver: { must: ['name'], may: ['rules', 'semanticVersion'] },
  rule: { must: ['id'], may: ['shortDescription', 'help'] },
  multiformat: { must: ['text'], may: ['markdown'] },
  result: { must: ['message'], may: ['ruleId', 'ruleIndex', 'level', 'locations'] },
  location: { must: [], may: ['physicalLocation', 'logicalLocations'] },
  physical: { must: ['artifactLocation', 'region'], may: [] },
  region: { must: ['startLine', 'startColumn'], may: [] },
  artifact: { must: ['uri'], may: [] },
  logical: { must: ['fullyQualifiedName'], may: [] },
} as const

const shaped = (value: unknown, shape: keyof typeof shapes): Json => {
  const { must, may } = shapes[shape]
  expect(value).toBeTypeOf('object')
  const keys = Object.keys(value as object)
  expect(keys).toEqual(expect.arrayContaining([...must]))
  expect([...must, ...may], shape).toEqual(expect.arrayContaining(keys))
  return value as Json
}

const items = (value: unknown): readonly Json[] => {
  expect(Array.isArray(value)).toBe(true)
  return value as readonly Json[]
}

/** Checks `text` against the schema's structure; its rules and results. */
const read = (text: string) => {
  const log = shaped(JSON.parse(text), 'log')
  expect(log['version']).toBe('2.1.0')
  const [run, ...others] = items(log['runs'])
  expect(others).toEqual([])
  const { tool, results, columnKind } = shaped(run, 'run')
  expect(columnKind).toBe('utf16CodeUnits')
  const { driver } = tool as { driver: unknown }
  const rules = items(shaped(driver, 'driver')['rules']).map((rule) => shaped(rule, 'rule'))
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const { shortDescription, help } of rules) {
    shaped(shortDescription, 'multiformat')
    expect(shaped(help, 'multiformat')['markdown']).toContain('## Cure')
  }
  for (const result of items(results)) {
    const { ruleIndex, ruleId, level, message, locations } = shaped(result, 'result')
    expect(rules[Number(ruleIndex)]?.['id']).toBe(ruleId)
    expect(['none', 'note', 'warning', 'error']).toContain(level)
    expect((message as Json)['text']).toBeTypeOf('string')
    for (const location of items(locations)) {
      const { physicalLocation, logicalLocations = [] } = shaped(location, 'location')
      for (const logical of items(logicalLocations)) shaped(logical, 'logical')
      const { artifactLocation, region } = shaped(physicalLocation, 'physical')
      expect(() => new URL(String(shaped(artifactLocation, 'artifact')['uri']), 'file:///')).not.toThrow()
      for (const number of Object.values(shaped(region, 'region'))) expect(number).toBeGreaterThanOrEqual(1)
    }
  }
  return { rules, results: items(results) }
}

const fileOf = (text: string, name = 'a rule#1.yaml'): string => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-sarif-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

const rule = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: reviews}
spec:
  destination: {name: reviews}
  rewrite: {uri: /new}
`

describe('lint for programs', () => {
  test('K42: findings are results at their place, their codes rules with their pages', async () => {
    const file = fileOf(rule)
    const { code, out } = await runCli(['lint', '-f', file, '-o', 'sarif'])
    expect(code).toBe(0)
    const { rules, results } = read(out)
    expect(rules.map(({ id }) => id)).toEqual(['RUT2001', 'RUT2014'])
    expect(results).toMatchObject([
      {
        ruleId: 'RUT2001',
        level: 'warning',
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: pathToFileURL(file).href },
              region: { startLine: 5, startColumn: 16 },
            },
            logicalLocations: [{ fullyQualifiedName: 'routerule/default/reviews' }],
          },
        ],
      },
      { ruleId: 'RUT2014', level: 'note' },
    ])
  })

  test('K42: problems are results too, and end with 65', async () => {
    const file = fileOf(rule.replace('rewrite', 'rewrites'))
    const { code, out } = await runCli(['lint', '-f', file, '-o', 'sarif'])
    expect(code).toBe(65)
    expect(read(out).results).toMatchObject([{ ruleId: 'RUT1301', level: 'error' }])
    const json = await runCli(['lint', '-f', file, '-o', 'json'])
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      65,
      { problems: [{ code: 'RUT1301', file }], diagnostics: [] },
    ])
  })

  test('K42: nothing to say is a run without results', async () => {
    const { code, out } = await runCli(['lint', '-f', fileOf(''), '-o', 'sarif'])
    expect([code, read(out).results]).toEqual([0, []])
  })

  test('K43: what the files do not hold is a warning, and a secret is not known without its files', async () => {
    const file = fileOf(`apiVersion: config.istio.io/v1alpha2
kind: IngressRule
metadata: {name: shop}
spec: {destination: {name: shop}, tlsSecret: shop.default}
`)
    const { code, out } = await runCli(['lint', '-f', file, '-o', 'json'])
    const severities = JSON.parse(out).diagnostics.map((one: Json) => [one['code'], one['severity']])
    expect([code, severities]).toEqual([
      0,
      [
        ['RUT2001', 'warning'],
        ['RUT2057', 'info'],
      ],
    ])
    expect((await runCli(['lint', '-f', file, '--secrets', join(file, '..')])).code).toBe(1)
  })

  test('K43: secrets of TLS to services are looked for too, and for what is asked of them', async () => {
    const file = fileOf(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  workloadSelector: {labels: {app: a}}
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: shop}}
`)
    const secrets = join(file, '../secrets')
    mkdirSync(join(secrets, 'default/shop'), { recursive: true })
    const { ca, cert, key } = authority(join(file, '../authority')).sign('shop', ['DNS:shop.example'])
    const told = async () => {
      const { out } = await runCli(['lint', '-f', file, '--secrets', secrets, '-o', 'json'])
      return JSON.parse(out).diagnostics.flatMap((one: Json) =>
        one['code'] === 'RUT2001' ? [] : [[one['code'], one['severity'], one['line']]],
      )
    }
    expect(await told()).toEqual([['RUT2051', 'error', 7]])
    cpSync(cert, join(secrets, 'default/shop/tls.crt'))
    cpSync(key, join(secrets, 'default/shop/tls.key'))
    expect(await told()).toEqual([['RUT2051', 'error', 7]])
    cpSync(ca, join(secrets, 'default/shop/ca.crt'))
    expect(await told()).toEqual([])
  })
})
