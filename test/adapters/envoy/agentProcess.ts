import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import type { SuperviseEnvoyOptions } from '../../../src/adapters/envoy/superviseEnvoy.ts'
import type { SupervisionStatus } from '../../../src/agent/supervision/status.ts'

/** An agent in a process of its own. */
export type AgentProcess = {
  status(): SupervisionStatus | undefined
  /** Kills it as the kernel does when memory is short; resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts an agent that supervises as `options` say; its module goes to `directory`. */
export const agentProcess = async (
  directory: string,
  options: Omit<SuperviseEnvoyOptions, 'onLine' | 'onStatus'>,
): Promise<AgentProcess> => {
  const outfile = join(directory, 'agent.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'agentProgram.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  const child = spawn(process.execPath, [outfile, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  return {
    kill,
    status: () => {
      const line = text.trimEnd().split('\n').at(-1)
      return line ? (JSON.parse(line) as SupervisionStatus) : undefined
    },
  }
}
