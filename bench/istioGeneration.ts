// Istio's own benchmarks of what `generation` measures, built with Go, for 100 and 1,000 services:
// node scripts/bench.mjs istioGeneration
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A version of the Go module istio.io/istio, of August 2026. */
const version = 'v0.0.0-20260827124520-eed52ebb66ad'
const home = join(homedir(), '.cache', 'rutter', 'istio', version)
const benchmarks = join('pilot', 'pkg', 'xds')
const shapes = ['http', 'tcp', 'virtualservice']

const go = (args: readonly string[], cwd: string): string =>
  execFileSync('go', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

const makeWritable = (directory: string): void => {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) makeWritable(path)
    else if (entry.isFile()) chmodSync(path, 0o644)
  }
}

/** Istio measures 100 services of these shapes; the same ones with 1,000 are put beside them. */
const withThousand = (source: string): string =>
  source.replace(
    'var testCases = []ConfigInput{\n',
    (line) =>
      line +
      shapes
        .map(
          (shape) =>
            `\t{Name: "${shape}-1000", ConfigName: "${shape}", Services: 1000${shape === 'tcp' ? ', SkipType: v3.RouteType' : ''}},\n`,
        )
        .join(''),
  )

const built = (): string => {
  const program = join(home, 'xds.test')
  if (existsSync(program)) return program
  console.log('Fetching and building Istio’s benchmarks, which takes minutes …')
  const { Dir } = JSON.parse(go(['mod', 'download', '-json', `istio.io/istio@${version}`], homedir()))
  cpSync(Dir, home, { recursive: true })
  makeWritable(home)
  const tests = join(home, benchmarks, 'bench_test.go')
  writeFileSync(tests, withThousand(readFileSync(tests, 'utf8')))
  go(['test', '-c', '-o', `${program}.new`, `./${benchmarks}`], home)
  renameSync(`${program}.new`, program)
  return program
}

const program = built()
for (const shape of shapes)
  for (const size of ['', '-1000']) {
    const pattern = `Benchmark(Cluster|Route|Listener)Generation$/^${shape}${size}$`
    const output = execFileSync(program, ['-test.run', 'none', '-test.bench', pattern], {
      cwd: join(home, benchmarks),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const found = [...output.matchAll(/^Benchmark(\w+)Generation\/\S+\s+\d+\s+(\d+) ns\/op/gm)]
    const ms = found.map(
      ([, what = '', ns = '']) => `${what.toLowerCase()}s ${(Number(ns) / 1e6).toFixed(1)} ms`,
    )
    const sum = found.reduce((all, [, , ns]) => all + Number(ns), 0)
    console.log(`${shape}${size}: ${(sum / 1e6).toFixed(1)} ms (${ms.join(', ')})`)
  }
