import { workloadSecretNames } from '../mutualTls/workloadSecrets.ts'
import type { Changes } from './changes.ts'
import type { View } from './view.ts'

/** Forgets what was made under other settings and is in no slice, and notes it in `changes`. */
export const forgetMade = (view: View, changes: Changes): void => {
  for (const [name, table] of view.tables) {
    table.resource = undefined
    changes.routes.add(name)
  }
  for (const [port, made] of view.httpPorts) {
    made.resource = undefined
    changes.listeners.add(`0.0.0.0_${port}`)
  }
  for (const [name, made] of view.tcpListeners) {
    made.resource = undefined
    changes.listeners.add(name)
  }
  for (const name of workloadSecretNames) if (view.secretUses.has(name)) changes.secrets.add(name)
}
