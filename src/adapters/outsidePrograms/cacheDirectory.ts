import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './outsideProgram.ts'

/** Where fetched programs are kept: `$RUTTER_CACHE`, else `$XDG_CACHE_HOME/rutter`, else `~/.cache/rutter`. */
export const cacheDirectory = (env: Environment): string => {
  if (env['RUTTER_CACHE']) return env['RUTTER_CACHE']
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'rutter')
  return join(env['HOME'] || homedir(), '.cache', 'rutter')
}
