// Regenerates src/wire/schemaText.ts and the descriptors of the tests. Needs Go; users of Rutter do not.
// Usage: node scripts/wire-schema/generate.mjs
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const go = (...args) =>
  execFileSync('go', args, { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

// v3 only; admin and data hold nothing that a configuration can say, services only what the rest reaches.
const wanted =
  /go-control-plane\/envoy\/((config|extensions|type|watchdog)\/.*v3$|service\/discovery\/v3$)|cncf\/xds\/go\/(xds|udpa)\/(type|core)\//
const packages = go(
  'list',
  '-e',
  '-f',
  '{{.ImportPath}}',
  'github.com/envoyproxy/go-control-plane/envoy/...',
  'github.com/cncf/xds/go/...',
)
  .split('\n')
  .filter((name) => wanted.test(name))

writeFileSync(
  join(here, 'imports.go'),
  `package main\n\nimport (\n${packages.map((name) => `\t_ "${name}"`).join('\n')}\n)\n`,
)
mkdirSync(join(root, 'test/wire/fixtures'), { recursive: true })
mkdirSync(join(root, 'src/wire'), { recursive: true })
go('run', '.', join(root, 'src/wire/schemaText.ts'), join(root, 'test/wire/fixtures/descriptors.bin.gz'))
