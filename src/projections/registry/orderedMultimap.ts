/** Values by key, each key's in one order, whatever the order in which they came. */
export type OrderedMultimap<V> = {
  /** The same list until one of its values comes or goes. */
  get(key: string): readonly V[]
  has(key: string): boolean
  keys(): Iterable<string>
  add(key: string, value: V): void
  delete(key: string, value: V): void
}

/** A multimap that holds nothing. `compare` orders the values of a key; those that it takes for equal stay as they came. */
export const orderedMultimap = <V>(compare: (a: V, b: V) => number): OrderedMultimap<V> => {
  // Lists are replaced, never changed: somebody may be walking them.
  const byKey = new Map<string, readonly V[]>()
  const get = (key: string): readonly V[] => byKey.get(key) ?? nothing
  return {
    get,
    has: (key) => byKey.has(key),
    keys: () => byKey.keys(),
    add: (key, value) => {
      const found = get(key)
      if (!found.includes(value)) byKey.set(key, [...found, value].sort(compare))
    },
    delete: (key, value) => {
      const left = get(key).filter((one) => one !== value)
      if (left.length === 0) byKey.delete(key)
      else byKey.set(key, left)
    },
  }
}

const nothing: readonly never[] = []
