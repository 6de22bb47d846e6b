// Sorted lists instead of Maps and Sets: what every quiet stream holds for each resource is then one reference, a
// quarter of what a Map takes. A name is found by halving; adding moves what follows, which is cheap up to 100,000.

type Named = { readonly name: string }

/** What `list` holds under `name`. */
export const find = <Item extends Named>(list: readonly Item[], name: string): Item | undefined => {
  const item = list[place(list, name, nameOf)]
  return item?.name === name ? item : undefined
}

/** Puts `item` into `list`, for what was there under its name. */
export const put = <Item extends Named>(list: Item[], item: Item): void => {
  const at = place(list, item.name, nameOf)
  list.splice(at, list[at]?.name === item.name ? 1 : 0, item)
}

/** Takes what is under `name` out of `list`. */
export const drop = (list: Named[], name: string): void => {
  const at = place(list, name, nameOf)
  if (list[at]?.name === name) list.splice(at, 1)
}

/** True when `names` holds `name`. */
export const hasName = (names: readonly string[], name: string): boolean =>
  names[place(names, name, asItIs)] === name

/** Adds `name` to `names`, once. */
export const addName = (names: string[], name: string): void => {
  const at = place(names, name, asItIs)
  if (names[at] !== name) names.splice(at, 0, name)
}

/** Takes `name` out of `names`. */
export const dropName = (names: string[], name: string): void => {
  const at = place(names, name, asItIs)
  if (names[at] === name) names.splice(at, 1)
}

const nameOf = ({ name }: Named): string => name
const asItIs = (name: string): string => name

// The index of the first that is not before `name`, by code units.
const place = <Item>(list: readonly Item[], name: string, nameOf: (item: Item) => string): number => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = list[middle]
    if (item !== undefined && nameOf(item) < name) low = middle + 1
    else high = middle
  }
  return low
}
