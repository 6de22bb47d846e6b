import { exitCodes } from './exitCodes.ts'

export type StopSignals = {
  /** Resolves with the first SIGINT or SIGTERM. A second one ends the process at once. */
  readonly first: Promise<'SIGINT' | 'SIGTERM'>
  /** Gives the signals back to Node. */
  release(): void
}

/** Takes over SIGINT and SIGTERM, so that what runs can be closed in order. */
export const stopSignals = (): StopSignals => {
  let resolve: (signal: 'SIGINT' | 'SIGTERM') => void = () => {}
  const first = new Promise<'SIGINT' | 'SIGTERM'>((settle) => {
    resolve = settle
  })
  let seen = false
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (seen) process.exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated)
    seen = true
    resolve(signal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    first,
    release: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
