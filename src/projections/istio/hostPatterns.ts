/** The hostname that a rule in `namespace` means by `host`: a name without a dot is a service's of that namespace. */
export const resolveHost = (host: string, namespace: string, meshDomain: string): string =>
  host.includes('.') || host.includes(':') || host === '*' ? host : `${host}.${namespace}.svc.${meshDomain}`

/** Every host of a rule that takes `hostname`, the most specific first: itself, `*.` and ever less of it, `*`. */
export const hostPatterns = (hostname: string): readonly string[] => {
  const patterns = [hostname]
  // Asked for every hostname of every view: texts are cut, not taken apart.
  for (let dot = hostname.indexOf('.', hostname.startsWith('*.') ? 2 : 0); dot !== -1; ) {
    patterns.push(`*${hostname.slice(dot)}`)
    dot = hostname.indexOf('.', dot + 1)
  }
  patterns.push('*')
  return patterns
}
