import type { Io } from '../io.ts'
import { table } from '../table.ts'
import type { Workload } from './bookinfo.ts'
import { rate, seenLine } from './seenLine.ts'
import type { Seen } from './traffic.ts'

export type Display = {
  /** Without a position: no controller says one. */
  show(seen: Seen, position: number | undefined): void
}

/** Shows who answers: on a terminal a table that redraws itself, else a line each time. */
export const display = (io: Io, workloads: readonly Workload[]): Display => {
  let lines = 0
  return {
    show: (seen, at) => {
      const position = at ?? 'unknown'
      if (!io.outIsTerminal) {
        io.out(`${new Date().toISOString()}  position ${position}  ${seenLine(seen)}\n`)
        return
      }
      const text = `${seenTable(seen, workloads)}\nposition ${position}, ${rate(seen.failedPerSecond)} failures a second\n`
      io.out(`${lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`}${text}`)
      lines = text.split('\n').length - 1
    },
  }
}

const barWidth = 25

const seenTable = ({ byService }: Seen, workloads: readonly Workload[]): string => {
  const rows = workloads.map(({ service, version }) => {
    const ofService = byService.get(service) ?? new Map<string, number>()
    const total = [...ofService.values()].reduce((sum, each) => sum + each, 0)
    const each = ofService.get(version) ?? 0
    const share = total === 0 ? 0 : each / total
    const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '·')
    return [service, version, rate(each), `${(100 * share).toFixed(1)}%`.padStart(6), bar]
  })
  return table(['SERVICE', 'VERSION', 'CALLS/S', 'SHARE', ''], rows)
}
