// `npm run demo`: from a fresh clone to a running mesh. Installing and building speak on stderr.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalledAndBuilt, root } from './ensureInstalled.mjs'

ensureInstalledAndBuilt()
// In this very process: then there is nobody in between who must pass on signals.
process.argv.splice(1, 1, join(root, 'dist/rutter.mjs'), 'demo')
await import(pathToFileURL(join(root, 'dist/rutter.mjs')).href)
