import type { Fragment } from '../model/frame.ts'
import { contentHash } from '../wire/contentHash.ts'

/** A digest of a set of fragments, whatever their order. */
export type Digest = {
  /** Puts a fragment in, or takes it out when it is in. */
  toggle(fragment: Pick<Fragment, 'kind' | 'table' | 'name' | 'version' | 'endpoints'>): void
  text(): string
}

const digestBytes = 16

/** The digest of nothing, or a copy of the one whose text is `from`. */
export const createDigest = (from?: string): Digest => {
  const sum = from === undefined ? Buffer.alloc(digestBytes) : Buffer.from(from, 'base64url')
  let text = from
  return {
    toggle: ({ kind, table, name, version, endpoints = '' }) => {
      const one = Buffer.from(contentHash([kind, table, name, version, endpoints].join('\n')), 'base64url')
      text = undefined
      for (let i = 0; i < digestBytes; i += 1) sum[i] = (sum[i] ?? 0) ^ (one[i] ?? 0)
    },
    text: () => {
      text ??= sum.toString('base64url')
      return text
    },
  }
}

/** The text of the digest of nothing. */
export const emptyDigest = createDigest().text()
