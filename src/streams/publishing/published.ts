import { createDigest, type Digest } from '../../agent/digest.ts'
import type { Fragment, FragmentChange, FragmentKey } from '../../model/frame.ts'

type Known = FragmentKey & Pick<Fragment, 'version' | 'endpoints'>

/** Which fragments were published last, as a tree of two floors: by resource, then by fragment. */
export type Published = {
  readonly digest: Digest
  readonly byResource: Map<string, Map<string, Known>>
}

/** Nothing published. */
export const nothingPublished = (): Published => ({ digest: createDigest(), byResource: new Map() })

/** Takes `now` as the fragments of `resource`, and gives what that changes. */
export const republish = (
  published: Published,
  resource: string,
  now: readonly Fragment[],
): FragmentChange => {
  const stands = published.byResource.get(resource) ?? new Map<string, Known>()
  const put: Fragment[] = []
  const gone: FragmentKey[] = []
  const after = new Map<string, Known>()
  for (const fragment of now) {
    const { kind, table, name, version, endpoints } = fragment
    const id = fragmentId(fragment)
    const known = stands.get(id)
    if (known !== undefined && known.version === version && known.endpoints === endpoints) {
      after.set(id, known)
      continue
    }
    if (known !== undefined) published.digest.toggle(known)
    const made = { kind, table, name, version, ...(endpoints === undefined ? {} : { endpoints }) }
    published.digest.toggle(made)
    after.set(id, made)
    put.push(fragment)
  }
  for (const [id, known] of stands) {
    if (after.has(id)) continue
    published.digest.toggle(known)
    const { kind, table, name } = known
    gone.push({ kind, table, name })
  }
  if (after.size === 0) published.byResource.delete(resource)
  else published.byResource.set(resource, after)
  return { put, gone }
}

/** Names of resources whose fragments are not alike in both. */
export const differing = (one: Published, other: Published): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const [resource, fragments] of one.byResource) {
    const others = other.byResource.get(resource)
    if (others === undefined || !alike(fragments, others)) found.add(resource)
  }
  for (const resource of other.byResource.keys()) if (!one.byResource.has(resource)) found.add(resource)
  return found
}

/** Fragments of `resource` in `one` that `other` does not have. */
export const lacking = (one: Published, other: Published, resource: string): readonly FragmentKey[] => {
  const others = other.byResource.get(resource)
  return [...(one.byResource.get(resource) ?? [])].flatMap(([id, { kind, table, name }]) =>
    others?.has(id) ? [] : [{ kind, table, name }],
  )
}

/** True when `published` has this very fragment. */
export const hasFragment = (published: Published, resource: string, fragment: Fragment): boolean => {
  const known = published.byResource.get(resource)?.get(fragmentId(fragment))
  return known?.version === fragment.version && known.endpoints === fragment.endpoints
}

const alike = (one: ReadonlyMap<string, Known>, other: ReadonlyMap<string, Known>): boolean => {
  if (one.size !== other.size) return false
  for (const [id, { version, endpoints }] of one) {
    const its = other.get(id)
    if (its?.version !== version || its.endpoints !== endpoints) return false
  }
  return true
}

/** One text for each fragment of a view. */
export const fragmentId = ({ kind, table, name }: FragmentKey): string => `${kind}\n${table}\n${name}`
