/** Resolves `gone` as a SIGTERM would when the process that started this one has ended: then nobody is left who would
 *  stop it. */
export const parentGone = (): { readonly gone: Promise<'SIGTERM'>; stop(): void } => {
  const parent = process.ppid
  let timer: ReturnType<typeof setInterval> | undefined
  const gone = new Promise<'SIGTERM'>((resolve) => {
    timer = setInterval(() => {
      if (process.ppid !== parent) resolve('SIGTERM')
    }, lookEveryMs)
    timer.unref()
  })
  return { gone, stop: () => clearInterval(timer) }
}

const lookEveryMs = 500
