/** `path` as Envoy's `normalize_path` leaves it: dot segments resolved, `\` as `/`, needlessly escaped characters
 *  unescaped, others escaped (Chromium's canonicalization); the query stays. `undefined` where Envoy refuses it. */
export const normalizedPath = (path: string): string | undefined => {
  const at = path.search(/[?#]/)
  const [bare, rest] = at === -1 ? [path, ''] : [path.slice(0, at), path.slice(at)]
  if (/%00/.test(bare)) return undefined
  // Parameters of a dot segment go with it, where its dots are not escaped.
  const plain = bare
    .replace(/(^|[/\\])(\.{1,2});[^/\\]*/g, '$1$2')
    .replace(/%([0-9a-f]{2})|\\|[^\x21-\x7e]|["#<>?`{|}^]/gi, (found, hex) => canonical(found, hex))
  const out: string[] = []
  const segments = plain.split('/').slice(1)
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === '..') out.pop()
    else if (segment !== '.') out.push(segment)
    if (last && (segment === '.' || segment === '..')) out.push('')
  }
  return `/${out.join('/')}${rest}`
}

/** `path` with every run of slashes before the query as one, as Envoy's `merge_slashes` leaves it: of nothing but slashes
 *  two are left. */
export const mergedSlashes = (path: string): string =>
  path.replace(/^[^?#]*/, (bare) => (/^\/\/+$/.test(bare) ? '//' : bare.replace(/\/+/g, '/')))

const canonical = (found: string, hex: string | undefined): string => {
  if (found === '\\') return '/'
  if (hex === undefined) return `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  const character = String.fromCharCode(Number.parseInt(hex, 16))
  return /[\w.~-]/.test(character) ? character : found
}
