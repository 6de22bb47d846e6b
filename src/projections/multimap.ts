/** Values by key, each key's values in insertion order; an empty key takes no room. */
export type Multimap<V> = {
  get(key: string): ReadonlySet<V>
  has(key: string): boolean
  add(key: string, value: V): void
  delete(key: string, value: V): void
}

const none: ReadonlySet<never> = new Set()

/** A multimap that holds nothing. Most keys of a registry have one value, so a set is made for a second one only. */
export const multimap = <V extends object | string>(): Multimap<V> => {
  const single = new Map<string, V>()
  const several = new Map<string, Set<V>>()
  return {
    get: (key) => {
      const set = several.get(key)
      if (set !== undefined) return set
      const one = single.get(key)
      return one === undefined ? none : new Set([one])
    },
    has: (key) => single.has(key) || several.has(key),
    add: (key, value) => {
      const set = several.get(key)
      if (set !== undefined) {
        set.add(value)
        return
      }
      const one = single.get(key)
      if (one === undefined) single.set(key, value)
      else if (one !== value) {
        single.delete(key)
        several.set(key, new Set([one, value]))
      }
    },
    delete: (key, value) => {
      if (single.get(key) === value) single.delete(key)
      const set = several.get(key)
      set?.delete(value)
      if (set?.size === 1) {
        several.delete(key)
        for (const last of set) single.set(key, last)
      }
    },
  }
}
