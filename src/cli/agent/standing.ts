/** Tells a person how things stand. */
export type Standing = {
  /** From now on `text` says it; it is told at once. */
  of(text: () => string): void
  /** Something may have changed. */
  look(): void
}

/** Tells `notice` how things stand whenever that has changed, positions apart. */
export const createStanding = (notice: (message: string) => void): Standing => {
  let text: (() => string) | undefined
  let told = ''
  let due = false
  const tell = (): void => {
    due = false
    const now = text?.() ?? ''
    const key = now.replace(/ at \d+/, '').replace(', pending', ', synced')
    if (key === told) return
    told = key
    notice(now)
  }
  return {
    of: (given: () => string): void => {
      text = given
      tell()
    },
    look: (): void => {
      if (text === undefined || due) return
      due = true
      // What several parts of one change say is told once.
      setImmediate(tell)
    },
  }
}
