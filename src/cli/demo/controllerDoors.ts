import type { ProxyStatus, Waited } from '../../model/fleet.ts'
import type { Resource } from '../../model/resource.ts'

/** Several controllers of one mesh, any of which may be asked. */
export type ControllerDoors = {
  /** Position of the log as the first that answers has it. */
  position(): Promise<number>
  /** The position at which `resources` are applied. */
  apply(resources: readonly Resource[]): Promise<number>
  /** How the fleet stands to `position`, after `limitMs` at most. */
  wait(position: number, limitMs: number): Promise<Waited>
  proxies(): Promise<readonly ProxyStatus[]>
}

/** Beyond what a question itself may take. */
const answerLimitMs = 5_000

/** Asks the controllers at `urls` in this order: the next where one does not answer. Rejects when none does, or one
 *  refuses. */
export const controllerDoors = (urls: readonly string[]): ControllerDoors => {
  const ask = async (path: string, limitMs = 0, body?: unknown): Promise<unknown> => {
    let unanswered: unknown
    for (const url of urls) {
      const answer = await fetch(`${url}${path}`, {
        signal: AbortSignal.timeout(limitMs + answerLimitMs),
        ...(body === undefined
          ? {}
          : {
              method: 'POST',
              body: JSON.stringify(body),
              headers: { 'content-type': 'application/json' },
            }),
      }).catch((error: Error) => error)
      if (!(answer instanceof Error) && answer.status !== 503) {
        if (answer.ok) return answer.json()
        throw new Error(`${url} refuses ${path}: ${await answer.text()}`)
      }
      unanswered = answer
    }
    throw new Error(
      `no controller answers: ${unanswered instanceof Error ? unanswered.message : 'not ready'}`,
    )
  }
  const positionIn = (answer: unknown): number => (answer as { readonly position: number }).position
  return {
    position: async () => positionIn(await ask('/api/v1/snapshot')),
    apply: async (resources) => positionIn(await ask('/api/v1/config', 0, resources)),
    wait: async (position, limitMs) =>
      (await ask(`/api/v1/wait?position=${position}&timeout=${limitMs}ms`, limitMs)) as Waited,
    proxies: async () =>
      ((await ask('/api/v1/proxies')) as { readonly proxies: readonly ProxyStatus[] }).proxies,
  }
}
