/** Does `work`, and says every five seconds that it is still going on: a silent minute looks like a hang. */
export const reportingStillBusy = async <A>(
  progress: (line: string) => void,
  what: string,
  work: () => Promise<A>,
): Promise<A> => {
  const startedMs = Date.now()
  const timer = setInterval(() => {
    progress(`… still ${what}, ${Math.round((Date.now() - startedMs) / 1000)} s`)
  }, 5_000)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
