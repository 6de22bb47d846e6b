import type { Io } from './io.ts'

export type ProgressBar = {
  show(done: number, total: number): void
  /** Takes the bar off the screen. */
  clear(): void
}

const width = 30
const everyMs = 100

/** A bar on stderr; without a terminal it shows nothing. */
export const progressBar = (io: Io, what: string): ProgressBar => {
  if (!io.errIsTerminal) return { show: () => {}, clear: () => {} }
  let shownMs = 0
  let shown = false
  return {
    show: (done, total) => {
      if (Date.now() - shownMs < everyMs) return
      shownMs = Date.now()
      shown = true
      const part = total === 0 ? 1 : Math.min(1, done / total)
      const filled = Math.round(part * width)
      io.errRaw(`\r${what} [${'='.repeat(filled)}${' '.repeat(width - filled)}] ${Math.round(part * 100)} %`)
    },
    clear: () => {
      if (shown) io.errRaw('\r\u001b[K')
    },
  }
}
