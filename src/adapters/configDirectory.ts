import { normalize } from 'node:path'
import { watch } from 'chokidar'
import type { Controller } from '../ports.ts'
import { nothingKnown, type Passed, pass } from './configDirectory/pass.ts'
import { settle } from './configDirectory/settle.ts'

export type ConfigDirectoryOptions = {
  /** True: an empty or missing directory removes what it held, instead of freezing it. */
  readonly allowEmpty: boolean
  /** Default: `files/DIR`. */
  readonly source?: string
  /** How long nothing may change before a batch counts as settled; default 100. */
  readonly quietMs?: number
  /** A look even when the watcher says nothing (network file systems, exhausted watches); default 5,000. */
  readonly rescanMs?: number
  /** Asked whenever something is about to be written, for another may be the one to do it; default: yes. */
  readonly mayWrite?: () => boolean
  /** Called after every look. */
  readonly onPass?: (passed: Passed) => void
}

export type ConfigDirectory = {
  /** Stops watching; resolves when a write that is under way has ended. */
  close(): Promise<void>
}

/** Longest wait for things to settle: a file that never comes to rest must not hold back the others. */
const settleAtMostMs = 2_000
/** First and longest wait after a log that cannot be written; doubles between. */
const retryMs = { first: 200, most: 5_000 } as const

/** Makes the mesh of a controller that is ready follow the files below `directory`: a registry of its own, that touches nobody else's resources.
 *  Resolves after the first look; what is wrong with the directory or its files is reported to `controller`, never
 *  thrown. Files are the truth and events only hints: every look compares the whole directory with what was applied,
 *  so that a lost event costs time and nothing else. */
export const configDirectory = async (
  controller: Controller,
  directory: string,
  options: ConfigDirectoryOptions,
): Promise<ConfigDirectory> => {
  const {
    allowEmpty,
    source = `files/${normalize(directory).replace(/(.)\/+$/, '$1')}`,
    quietMs = 100,
    rescanMs = 5_000,
    mayWrite = () => true,
    onPass,
  } = options
  let known = nothingKnown
  let failures = 0
  let closed = false
  let isDue = false
  let running: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    const passed = await pass(controller, { directory, source, allowEmpty, mayWrite }, known)
    known = passed.known
    controller.report(source, passed.diagnostics.length === 0 ? undefined : passed.diagnostics)
    failures = passed.isUnavailable ? failures + 1 : 0
    clearTimeout(retry)
    if (passed.isUnavailable && !closed)
      retry = setTimeout(start, Math.min(retryMs.most, retryMs.first * 2 ** (failures - 1)))
    onPass?.(passed)
  }
  // One look at a time; what comes meanwhile makes one more.
  const run = async (): Promise<void> => {
    while (isDue && !closed) {
      isDue = false
      await look()
    }
    running = undefined
  }
  const start = (): void => {
    isDue = true
    running ??= run()
  }

  const settling = settle(quietMs, settleAtMostMs, start)
  const watcher = watch(directory, { ignoreInitial: true, ignorePermissionErrors: true })
  watcher.on('all', settling.touch)
  // What changed before everything was being watched.
  watcher.on('ready', settling.touch)
  // The watcher is a hint; looking again at intervals stands in for what it cannot see.
  watcher.on('error', settling.touch)
  const rescan = setInterval(start, rescanMs)
  start()
  await running
  return {
    close: async () => {
      closed = true
      settling.stop()
      clearInterval(rescan)
      clearTimeout(retry)
      await watcher.close()
      await running
      controller.report(source, undefined)
    },
  }
}
