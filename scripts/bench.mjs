// Bundles bench/NAME.ts and runs it: node scripts/bench.mjs NAME [argument …]
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort()
const [name, ...rest] = process.argv.slice(2)
if (!names.includes(name)) {
  console.error(`usage: node scripts/bench.mjs ${names.join('|')} [argument …]`)
  process.exit(64)
}
const outfile = join(root, '.cache', 'bench', `${name}.mjs`)
await build({
  entryPoints: [join(root, 'bench', `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  // Bundled CommonJS packages ask for `require`, which a module does not have.
  banner: {
    js: "import { createRequire as requireHere } from 'node:module'; const require = requireHere(import.meta.url)",
  },
})
const child = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', outfile, ...rest], {
  stdio: 'inherit',
})
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 2)
})
