import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

type Row = { readonly field: string; readonly rules: readonly string[]; readonly file: string }

/** The tables of docs/fields.md, by their headings. */
const tables = new Map(
  readFileSync(join(root, 'docs/fields.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section): [string, readonly Row[]] => [
      section.slice(0, section.indexOf('\n')).trim(),
      [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \| `([^`]+)` \|$/gm)].map(
        ([, field = '', rules = '', file = '']) => ({ field, rules: rules.trim().split(/, ?/), file }),
      ),
    ]),
)

const program = ts.createProgram([join(root, 'src/model/resource.ts')], {
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ESNext,
})
const checker = program.getTypeChecker()

/** Types with a table of their own, wherever they come up. */
const shared = [
  'IstioService',
  'StringMatch',
  'RuleMatch',
  'IstioStringMatch',
  'IstioDestination',
  'HeaderOperations',
  'L4MatchAttributes',
  'IstioConnectionPool',
  'PortTrafficPolicy',
  'TrafficPolicy',
  'WorkloadSelector',
  'WorkloadEntry',
  'ServerTls',
  'KubernetesBackend',
]

/** The name of the table that `type` has of its own. */
const tableOf = (type: ts.Type): string | undefined =>
  shared.find((name) => [name, `${name}Spec`].includes(type.aliasSymbol?.name ?? ''))

const declared = new Map(
  program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.includes('/src/model/'))
    .flatMap((source) => [...source.statements])
    .filter(ts.isTypeAliasDeclaration)
    .map((alias) => [alias.name.text, checker.getTypeAtLocation(alias.name)] as const),
)

/** Every field below `type`: `[]` for what is in lists, `*` for what is under keys of the user's. Of a type that adds to
 *  another with a table of its own, what it adds. */
const fieldsOf = (type: ts.Type, path = ''): readonly string[] => {
  const parts = type.isUnion() ? type.types : [type]
  const found = parts.flatMap((part) => (part.flags & ts.TypeFlags.Undefined ? [] : fieldsOfOne(part, path)))
  return [...new Set(found)]
}

const fieldsOfOne = (type: ts.Type, path: string): readonly string[] => {
  if (path !== '' && tableOf(type) !== undefined) return [path]
  if (type.isIntersection())
    return type.types.flatMap((part) =>
      path === '' && tableOf(part) !== undefined ? [] : fieldsOfOne(part, path),
    )
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference)
    const below = element === undefined ? [] : fieldsOf(element, `${path}[]`)
    // A list of texts is one field.
    return below.length === 1 && below[0] === `${path}[]` ? [path] : below
  }
  const properties = type.flags & ts.TypeFlags.Object ? checker.getPropertiesOfType(type) : []
  const index =
    type.flags & ts.TypeFlags.Object ? checker.getIndexTypeOfType(type, ts.IndexKind.String) : undefined
  if (index !== undefined) return index.flags & ts.TypeFlags.Unknown ? [path] : fieldsOf(index, `${path}.*`)
  if (properties.length === 0) return [path]
  return properties.flatMap((property) =>
    fieldsOf(checker.getTypeOfSymbol(property), path === '' ? property.name : `${path}.${property.name}`),
  )
}

/** Tables of all kinds: the names of their types. */
const kinds = checker
  .getPropertiesOfType(declared.get('SpecByKind') as ts.Type)
  .map((property) => checker.getTypeOfSymbol(property).aliasSymbol?.name.replace(/Spec$/, ''))

const typeOf = (heading: string): ts.Type | undefined =>
  declared.get(`${heading}Spec`) ?? declared.get(heading)

/** Rules by which a field is refused, or told to have no effect: no Envoy sees it. */
const isOfNoEffect = (rule: string): boolean => rule.startsWith('C') || ['P14', 'Y11', 'I10'].includes(rule)

describe('docs/fields.md', () => {
  test('FT1: it has a table for every kind and every type that several share', () =>
    expect([...tables.keys()].sort()).toEqual([...new Set([...shared, ...kinds])].sort()))

  test.each([...tables])('FT1: every field of %s has a row, and every row a field', (heading, rows) => {
    const type = typeOf(heading)
    expect(type, `no type for ${heading}`).toBeDefined()
    expect(rows.map(({ field }) => field).sort()).toEqual([...fieldsOf(type as ts.Type)].sort())
  })

  test.each(
    [...tables].flatMap(([heading, rows]) => rows.map((row) => [`${heading}.${row.field}`, row] as const)),
  )(
    'FT1: the rules of %s are held by a test, on a real Envoy where there is an effect',
    (_, { field, rules, file }) => {
      const text = readFileSync(join(root, file), 'utf8')
      const named = [...text.matchAll(/['"`]([A-Z]{1,2}\d+(?:, ?[A-Z]{1,2}\d+)*)[: ]/g)].flatMap(
        ([, some = '']) => some.split(/, ?/),
      )
      expect(rules.some((rule) => named.includes(rule))).toBe(true)
      const name = field
        .replaceAll(/\[\]|\.\*/g, '')
        .split('.')
        .at(-1)
      expect(text, `no ${name} in ${file}`).toMatch(new RegExp(`(?<!\\w)${name}(?!\\w)`))
      if (!rules.every(isOfNoEffect)) expect(text).toMatch(/envoyOrSkip|staticEnvoy/)
    },
  )
})
