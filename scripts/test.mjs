// `npm test`: installs, builds, gets Envoy and nats-server, then checks types and style and runs the tests.
// What is given after `--` goes to vitest.
import { join } from 'node:path'
import { ensureInstalledAndBuilt, root, runLoudly } from './ensureInstalled.mjs'

ensureInstalledAndBuilt()

const node = (...args) => runLoudly(process.execPath, args)
const npmBin = (path, ...args) => node(join(root, 'node_modules', path), ...args)

const needed = { envoy: 'RUTTER_REQUIRE_ENVOY', 'nats-server': 'RUTTER_REQUIRE_NATS' }
for (const [program, required] of Object.entries(needed)) {
  const found = node(join(root, 'dist/rutter.mjs'), 'check', program, '--fix')
  if (found !== 0 && process.env[required]) process.exit(1)
}

const failed = [
  ['types (tsc --noEmit)', () => npmBin('typescript/bin/tsc', '--noEmit')],
  ['style (biome check)', () => npmBin('@biomejs/biome/bin/biome', 'check', '.')],
  ['tests (vitest run)', () => npmBin('vitest/vitest.mjs', 'run', ...process.argv.slice(2))],
].filter(([name, run]) => {
  process.stderr.write(`\n— ${name}\n`)
  return run() !== 0
})

for (const [name] of failed) process.stderr.write(`failed: ${name}\n`)
process.exit(failed.length === 0 ? 0 : 1)
