import { type AdminAddress, askAdmin } from './askAdmin.ts'

const limitMs = 2_000

/** The restart epoch of the Envoy behind `admin` and its state (`LIVE`, `INITIALIZING`, `DRAINING` …), as
 *  `/server_info` has them. Rejects when it does not answer within 2 s. */
export const envoyState = async (
  admin: AdminAddress,
): Promise<{ readonly epoch: number; readonly state: string }> => {
  const info = JSON.parse(await askAdmin(admin, '/server_info', 'GET', limitMs)) as {
    readonly state: string
    readonly command_line_options: { readonly restart_epoch: number }
  }
  return { epoch: info.command_line_options.restart_epoch, state: info.state }
}

/** HTTP requests that the Envoy behind `admin` has under way, its admin's own left out. Rejects when it does not answer
 *  within 2 s. */
export const requestsUnderWay = async (admin: AdminAddress): Promise<number> => {
  const stats = await askAdmin(admin, '/stats?filter=downstream_rq_active', 'GET', limitMs)
  const active = stats.matchAll(/^http\.(?!admin\.).*\.downstream_rq_active: (\d+)$/gm)
  return [...active].reduce((sum, [, requests]) => sum + Number(requests), 0)
}
