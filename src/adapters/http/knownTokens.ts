import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isLeft } from 'fp-ts/lib/Either.js'
import { type KnownToken, readTokenFile } from '../../codecs/tokenFile.ts'

/** Who may come to the HTTP API. */
export type KnownTokens = {
  /** Who comes with `token`; undefined where nobody does. */
  bearer(token: string): Pick<KnownToken, 'name' | 'role'> | undefined
}

/** The file is looked at again so often at most. */
const lookEveryMs = 1_000

/** The tokens in the file at `path`. Throws with a sentence where it cannot be read. A file that changes counts anew
 *  within a second; one that can no longer be read leaves what counted before, with a word to `onNotice`. */
export const knownTokens = (path: string, onNotice: (message: string) => void): KnownTokens => {
  let known = read(path)
  let stamp = stampOf(path)
  let lookedAtMs = performance.now()
  const look = (): void => {
    if (performance.now() - lookedAtMs < lookEveryMs) return
    lookedAtMs = performance.now()
    const now = stampOf(path)
    if (now === stamp) return
    stamp = now
    try {
      known = read(path)
      onNotice(`read ${known.length} tokens from ${path}`)
    } catch (error) {
      onNotice(`warning: ${(error as Error).message}; the tokens of before still count`)
    }
  }
  return {
    bearer: (token) => {
      look()
      const digest = createHash('sha256').update(token).digest()
      // Every one is compared, in constant time, so that how long it takes tells nothing.
      const [found] = known.filter(({ sha256 }) => timingSafeEqual(sha256, digest))
      return found
    },
  }
}

type Compared = Pick<KnownToken, 'name' | 'role'> & { readonly sha256: Buffer }

const read = (path: string): readonly Compared[] => {
  const tokens = readTokenFile(textOf(path))
  if (isLeft(tokens)) throw new Error(`${path}, ${tokens.left}`)
  return tokens.right.map(({ name, role, sha256 }) => ({ name, role, sha256: Buffer.from(sha256, 'hex') }))
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}

const stampOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`
}
