import { contentHash } from '../../wire/contentHash.ts'

/** Which of the controllers publishes a topic: the one whose hash with it is the greatest (rendezvous hashing), so that
 *  a controller that comes or goes moves no topic between the others. */
export type Ownership = {
  isOwner(topic: string): boolean
  /** Takes the controllers that share the work now. */
  share(peers: readonly string[]): void
}

/** Topics of which the owner is remembered; beyond, all are worked out again. */
const maxRemembered = 200_000

/** The share of `me`, which owns all until it is told of others. */
export const createOwnership = (me: string): Ownership => {
  let peers: readonly string[] = [me]
  const remembered = new Map<string, boolean>()
  const work = (topic: string): boolean => {
    const mine = contentHash(`${me} ${topic}`)
    return peers.every((peer) => peer === me || contentHash(`${peer} ${topic}`) < mine)
  }
  return {
    isOwner: (topic) => {
      const known = remembered.get(topic)
      if (known !== undefined) return known
      if (remembered.size >= maxRemembered) remembered.clear()
      const is = work(topic)
      remembered.set(topic, is)
      return is
    },
    share: (others) => {
      peers = others.length === 0 ? [me] : others
      remembered.clear()
    },
  }
}
