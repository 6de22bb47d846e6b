import { lockDirectory, type Unlock } from '../log/lockDirectory.ts'
import { isLogInUse } from '../log/logInUse.ts'

/** Another process supervises the Envoy of this state directory. */
export type StateInUse = Error & { readonly _tag: 'StateInUse'; readonly pid: number }

/** Locks an agent's state directory; rejects with a `StateInUse` while another agent has it. */
export const lockState = async (directory: string): Promise<Unlock> => {
  try {
    return await lockDirectory(directory)
  } catch (error) {
    if (!isLogInUse(error)) throw error
    throw Object.assign(new Error(`the state ${directory} is in use by process ${error.pid}`), {
      _tag: 'StateInUse' as const,
      pid: error.pid,
    })
  }
}
