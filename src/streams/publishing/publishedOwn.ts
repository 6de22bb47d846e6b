import type { Fragment, FragmentChange } from '../../model/frame.ts'
import { xdsTypes } from '../../model/xds.ts'
import type { ProjectedProxy } from '../../projections/projectedProxy.ts'
import type { Projector } from '../../projections/projector.ts'
import { fragmentsOf } from './fragments.ts'
import { nothingPublished, republish } from './published.ts'

/** What a proxy shares with nobody, as its agent was told of it. */
export type PublishedOwn = {
  digest(): string
  /** When it changed last, by the caller's clock. */
  changedMs(): number
  /** Takes what it is now, and tells what that changes, and from which digest. */
  step(nowMs: number): FragmentChange & { readonly before: string }
  whole(): FragmentChange
}

/** The own resources of a proxy that is followed, and the raw ones meant for it, told to nobody yet. */
export const publishOwn = (projector: Projector, proxy: ProjectedProxy): PublishedOwn => {
  const published = nothingPublished()
  let changedMs = Number.NEGATIVE_INFINITY

  const fragments = (): ReadonlyMap<string, readonly Fragment[]> => {
    const { own, raw } = projector.manifest(proxy)
    const found = new Map<string, readonly Fragment[]>()
    for (const type of xdsTypes)
      for (const resources of [own[type], raw[type]])
        for (const [name, resource] of resources) found.set(`${type}\n${name}`, fragmentsOf(type, resource))
    return found
  }

  const take = (): FragmentChange => {
    const now = fragments()
    const resources = new Set([...published.byResource.keys(), ...now.keys()])
    const changes = [...resources].map((resource) => republish(published, resource, now.get(resource) ?? []))
    return { put: changes.flatMap(({ put }) => put), gone: changes.flatMap(({ gone }) => gone) }
  }

  take()
  return {
    digest: () => published.digest.text(),
    changedMs: () => changedMs,
    step: (nowMs) => {
      const before = published.digest.text()
      const change = take()
      if (change.put.length + change.gone.length > 0) changedMs = nowMs
      return { ...change, before }
    },
    whole: () => ({ put: [...fragments().values()].flat(), gone: [] }),
  }
}
