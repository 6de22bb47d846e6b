// Zero dependencies: runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const packagesOf = (lock) => JSON.parse(readFileSync(join(root, lock), 'utf8')).packages

/** True when node_modules holds what package-lock.json asks for; packages for other platforms may be absent. */
const installed = () => {
  try {
    const here = packagesOf('node_modules/.package-lock.json')
    return Object.entries(packagesOf('package-lock.json')).every(([path, wanted]) =>
      path === '' || here[path] === undefined
        ? path === '' || wanted.optional === true
        : here[path].integrity === wanted.integrity,
    )
  } catch {
    return false
  }
}

/** Runs a program with its stdout sent to stderr, since stdout is for the answer alone; its exit code. */
export const runLoudly = (program, args, env = process.env) => {
  const { status, error, signal } = spawnSync(program, args, { cwd: root, env, stdio: ['ignore', 2, 2] })
  if (error !== undefined) process.stderr.write(`${program}: ${error.message}\n`)
  return status ?? (signal === 'SIGINT' ? 130 : 1)
}

/** Installs what package-lock.json names unless it is there, and builds dist/. Ends the process where either fails. */
export const ensureInstalledAndBuilt = () => {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20) {
    process.stderr.write(`Rutter needs Node 20.19 or newer; this is ${process.version}\n`)
    process.exit(1)
  }
  if (!installed()) {
    process.stderr.write('Installing packages (npm ci) …\n')
    const code = runLoudly('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts'])
    if (code !== 0) process.exit(code)
  }
  const code = runLoudly(process.execPath, [join(root, 'scripts/build.mjs')])
  if (code !== 0) process.exit(code)
}
