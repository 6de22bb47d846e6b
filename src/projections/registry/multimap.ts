/** Values by key, each key's values in insertion order; an empty key takes no room. */
export type Multimap<V> = {
  get(key: string): Iterable<V>
  has(key: string): boolean
  /** Whether there is more than one. */
  hasMany(key: string): boolean
  keys(): Iterable<string>
  add(key: string, value: V): void
  delete(key: string, value: V): void
}

/** Longer lists are sets: looking through a shorter one costs less than a set's room, which a registry pays for each
 *  of its services. */
const maxListed = 32

/** A multimap that holds nothing. Most keys of a registry have one value, which then stands for itself. */
export const multimap = <V extends object | string>(): Multimap<V> => {
  // Lists are replaced, never changed: somebody may be walking them.
  const byKey = new Map<string, V | V[] | Set<V>>()
  return {
    get: (key) => {
      const found = byKey.get(key)
      if (found === undefined) return nothing
      return Array.isArray(found) || found instanceof Set ? found : [found]
    },
    has: (key) => byKey.has(key),
    hasMany: (key) => {
      const found = byKey.get(key)
      return Array.isArray(found) ? found.length > 1 : found instanceof Set && found.size > 1
    },
    keys: () => byKey.keys(),
    add: (key, value) => {
      const found = byKey.get(key)
      if (found === undefined) byKey.set(key, value)
      else if (found instanceof Set) found.add(value)
      else if (!Array.isArray(found)) {
        if (found !== value) byKey.set(key, [found, value])
      } else if (!found.includes(value)) {
        const all = [...found, value]
        byKey.set(key, all.length > maxListed ? new Set(all) : all)
      }
    },
    delete: (key, value) => {
      const found = byKey.get(key)
      if (found === value) byKey.delete(key)
      else if (found instanceof Set) {
        found.delete(value)
        if (found.size === 0) byKey.delete(key)
      } else if (Array.isArray(found)) {
        const left = found.filter((one) => one !== value)
        if (left.length === 0) byKey.delete(key)
        else byKey.set(key, left)
      }
    },
  }
}

const nothing: readonly never[] = []
