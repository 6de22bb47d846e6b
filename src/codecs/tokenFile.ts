import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** What a token lets its bearer do: `write` takes in `read`. */
export type TokenRole = 'read' | 'write'

/** Who comes with the token of this SHA-256 (64 hex digits), and what it may do. */
export type KnownToken = { readonly name: string; readonly role: TokenRole; readonly sha256: string }

/** So many tokens a file may hold: every request is compared with each. */
export const mostTokens = 1_000

/** The name of a token stands in the log as the actor of what was written with it. */
const tokenName = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** Why a token cannot be called so; undefined when it can. */
export const badTokenName = (name: string): string | undefined => {
  if (!tokenName.test(name))
    return 'a token is called by 1 to 64 of A–Z a–z 0–9 . _ @ -, a letter or digit first'
  return name === 'anonymous' ? 'anonymous is who comes without a token' : undefined
}

/** A token's line of a file of tokens. */
export const tokenLine = ({ name, role, sha256 }: KnownToken): string => `${name} ${role} sha256:${sha256}`

/** Reads a file of tokens: `NAME read|write sha256:HEX` on each line; blank lines and those that begin with `#` are
 *  passed over. A name may have several tokens, so that one can follow another. Left: the line, and what is wrong. */
export const readTokenFile = (text: string): Either<string, readonly KnownToken[]> => {
  const known: KnownToken[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name = '', role = '', sha256 = ''] =
      /^(\S+)\s+(\S+)\s+sha256:([0-9a-f]{64})$/.exec(trimmed) ?? []
    const wrong = wrongLine(name, role, sha256, known)
    if (wrong !== undefined) return left(`line ${index + 1}: ${wrong}`)
    known.push({ name, role: role === 'write' ? 'write' : 'read', sha256 })
  }
  return right(known)
}

const wrongLine = (
  name: string,
  role: string,
  sha256: string,
  known: readonly KnownToken[],
): string | undefined => {
  if (name === '') return 'it must be NAME read|write sha256:HEX'
  const badName = badTokenName(name)
  if (badName !== undefined) return badName
  if (role !== 'read' && role !== 'write') return `the role is read or write, not ${JSON.stringify(role)}`
  const twin = known.find((token) => token.sha256 === sha256)
  if (twin !== undefined) return `it is the token of ${twin.name}`
  return known.length >= mostTokens ? `there are more than ${mostTokens} tokens` : undefined
}
