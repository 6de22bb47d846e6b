import { type EventStream, endOfStream } from './eventStream.ts'

/** How often it is asked. */
const askEveryMs = 1_000
/** During an election, which takes up to 9 s, nothing is lost by another server. */
const patienceMs = 5_000

/** Leaves the server that a stream's link is connected to for another one when it has not reached the stream's leader
 *  for 5 s: it may be parted from its peers, and would never say so. Gives the way to end that. */
export const watchServer = (stream: EventStream): (() => void) => {
  const { link, name } = stream
  let reachedMs = performance.now()
  let asking = false
  const reached = (): void => {
    reachedMs = performance.now()
  }
  const look = async (): Promise<void> => {
    // Without a connection there is nothing to leave; a new one has its own time.
    if (!link.connected()) return reached()
    if (asking) return
    asking = true
    await endOfStream(stream).then(reached, () => {
      if (performance.now() - reachedMs < patienceMs) return
      link.moveOn(`it does not reach ${name}`)
      reached()
    })
    asking = false
  }
  const timer = setInterval(() => void look(), askEveryMs)
  return () => clearInterval(timer)
}
