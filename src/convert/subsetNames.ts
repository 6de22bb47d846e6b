import { byCodeUnit } from '../model/resourceName.ts'

type Labels = Readonly<Record<string, string>>

/** The name of a subset with these labels: their values where these are plain, as people name subsets (`v1`), else keys
 *  and values; never longer than 63 characters. */
export const subsetName = (labels: Labels): string => {
  const pairs = Object.entries(labels).sort(([a], [b]) => byCodeUnit(a, b))
  const [only, ...more] = pairs
  const text =
    only !== undefined && more.length === 0 && only[0] === 'version'
      ? only[1]
      : pairs.map(([key, value]) => `${key}-${value}`).join('-')
  return (
    text
      .replaceAll(/[^A-Za-z0-9-]/g, '-')
      .slice(0, 63)
      .replaceAll(/^-+|-+$/g, '') || 'labels'
  )
}

/** The subsets of one host, each with a name of its own. */
export type Subsets = {
  /** The name for `labels`; `undefined` where there are none. */
  name(labels: Labels | undefined): string | undefined
  all(): readonly { readonly name: string; readonly labels: Labels }[]
}

export const subsets = (): Subsets => {
  const names = new Map<string, { readonly name: string; readonly labels: Labels }>()
  return {
    name: (labels) => {
      if (labels === undefined || Object.keys(labels).length === 0) return undefined
      const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => byCodeUnit(a, b)))
      const known = names.get(key)
      if (known !== undefined) return known.name
      const taken = new Set([...names.values()].map(({ name }) => name))
      const wanted = subsetName(labels)
      let name = wanted
      for (let i = 2; taken.has(name); i += 1) name = `${wanted.slice(0, 59)}-${i}`
      names.set(key, { name, labels })
      return name
    },
    all: () => [...names.values()].sort((a, b) => byCodeUnit(a.name, b.name)),
  }
}
