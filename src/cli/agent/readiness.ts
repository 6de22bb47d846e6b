import type { SupervisedEnvoy } from '../../adapters/envoy/superviseEnvoy.ts'
import type { RunningAgent } from '../../streams/agent.ts'

const says = {
  nothing: 'waits for a controller',
  controller: 'serves what a controller says',
  knownGood: 'serves what was acknowledged last: no controller answers',
} as const

/** Whether an agent is ready, which takes an Envoy that is connected and has taken what there is to serve, and how things
 *  stand, in a sentence. `supervised` is undefined where somebody else supervises Envoy. */
export const readiness = (
  running: Pick<RunningAgent, 'status' | 'hasTaken' | 'origin' | 'lackingSecrets'>,
  supervised: SupervisedEnvoy | undefined,
): { readonly ready: boolean; readonly standing: string } => {
  const { state, ackedPosition, rejections } = running.status()
  const envoy = supervised?.status()
  const live = envoy === undefined || envoy.state === 'running' || envoy.state === 'handingOver'
  const ready = live && running.hasTaken() && state !== 'silent'
  const refused = rejections.length === 0 ? '' : `, refuses ${rejections.length} resources`
  const lacking = running.lackingSecrets()
  const lacked = lacking.length === 0 ? '' : `, has no usable secret ${lacking.join(', ')}`
  const failed = envoy?.lastFailure === undefined ? '' : ` (${envoy.lastFailure})`
  const envoyText =
    envoy === undefined
      ? ''
      : `Envoy ${envoy.state}${envoy.epoch === undefined ? '' : ` in epoch ${envoy.epoch}`}${failed}, `
  return {
    ready,
    standing: `${ready ? 'ready' : 'not ready'}: ${envoyText}${says[running.origin()]}, ${state} at ${ackedPosition}${refused}${lacked}`,
  }
}
