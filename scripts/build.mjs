// Builds dist/: the program `rutter`, which needs nothing but Node: one file, and the pieces that a command loads when it is asked for.
// Speaks on stderr only, since `npm pack` and `npm run -s demo` own stdout.
import { execFile } from 'node:child_process'
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')

const say = (text) => process.stderr.write(`${text}\n`)

/** esbuild, or undefined where the packages for developing are not installed (`npm ci --omit=dev`). */
const loadEsbuild = () =>
  import('esbuild').catch((error) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  })

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Replaces `path` whole, so that a `rutter` started meanwhile reads the old file or the new one. */
const replaceFile = async (path, contents) => {
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, contents)
  await rename(temporary, path)
}

/** What `rutter version` tells: the package's version and the commit it was built from. */
const buildFacts = async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const commit = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).then(
    ({ stdout }) => stdout.trim(),
    () => 'unknown',
  )
  return { version, commit }
}

/** What `rutter lint --explain` prints: the pages of docs/diagnostics by code. */
const diagnosticPages = async () => {
  const directory = join(root, 'docs/diagnostics')
  const files = (await readdir(directory)).filter((file) => file.endsWith('.md') && file !== 'README.md')
  const pages = files
    .sort()
    .map(async (file) => [file.slice(0, -3), await readFile(join(directory, file), 'utf8')])
  return Object.fromEntries(await Promise.all(pages))
}

const bundle = async (esbuild) =>
  esbuild.build({
    absWorkingDir: root,
    entryPoints: [{ out: 'rutter', in: 'src/cli/main.ts' }],
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    // What a process loads it keeps as text: without blanks an agent is smaller by some megabytes.
    minifyWhitespace: true,
    minifySyntax: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    define: {
      RUTTER_BUILD: JSON.stringify(await buildFacts()),
      RUTTER_PAGES: JSON.stringify(await diagnosticPages()),
    },
    // Dependencies in CommonJS call `require` for Node's own modules, which ES modules do not have.
    banner: {
      js: "import { createRequire as rutterCreateRequire } from 'node:module'\nconst require = rutterCreateRequire(import.meta.url)",
    },
  })

/** The licences of all packages that were bundled: most of them ask that their text travels along. */
const licences = async (metafile) => {
  const folders = new Set()
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
    if (folder !== undefined) folders.add(folder)
  }
  const texts = []
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
    const files = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license', 'License']
    const read = await Promise.all(
      files.map((file) => readFile(join(root, folder, file), 'utf8').catch(() => undefined)),
    )
    texts.push(
      `${name} ${version} (${license})\n\n${(read.find((text) => text !== undefined) ?? '').trim()}\n`,
    )
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** Files that are read from beside the program while it runs. */
const copyAssets = async () => {
  const swagger = join(root, 'node_modules/@fastify/swagger-ui/static')
  if (await exists(swagger)) await cp(swagger, join(dist, 'swagger-ui'), { recursive: true })
}

/** Removes the pieces of builds before this one. */
const removeOldPieces = async (current) => {
  for (const name of await readdir(dist)) {
    const path = join(dist, name)
    if (/\.mjs(\.map)?$/.test(name) && !current.has(path)) await unlink(path)
  }
}

/** Lets `npx rutter` find the clone's own program: npx looks here before it asks a registry. */
const linkBin = async () => {
  if (process.platform === 'win32') return
  const bin = join(root, 'node_modules/.bin')
  const link = join(bin, `.rutter.${process.pid}`)
  await mkdir(bin, { recursive: true })
  await unlink(link).catch(() => undefined)
  await symlink('../../dist/rutter.mjs', link)
  await rename(link, join(bin, 'rutter'))
}

const esbuild = await loadEsbuild()
if (esbuild === undefined) {
  say('build: nothing done, because esbuild is not installed (run `npm ci` without --omit=dev)')
} else {
  const startedMs = Date.now()
  // esbuild has already said on stderr what is wrong.
  const built = await bundle(esbuild).catch(() => process.exit(1))
  await mkdir(dist, { recursive: true })
  const program = join(dist, 'rutter.mjs')
  // The program last: whoever starts meanwhile finds every piece that it names.
  const written = [...built.outputFiles].sort(
    (a, b) => Number(a.path === program) - Number(b.path === program),
  )
  for (const { path, contents } of written) await replaceFile(path, contents)
  await chmod(program, 0o755)
  await removeOldPieces(new Set(written.map(({ path }) => path)))
  await replaceFile(join(dist, 'THIRD-PARTY-LICENSES.txt'), await licences(built.metafile))
  await copyAssets()
  await linkBin()
  const bytes = built.outputFiles.reduce(
    (sum, { path, contents }) => sum + (path.endsWith('.mjs') ? contents.length : 0),
    0,
  )
  say(
    `build: dist/rutter.mjs, ${(bytes / 1e6).toFixed(1)} MB, in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`,
  )
}
