/** The hostname that a rule in `namespace` means by `host`: a name without a dot is a service's of that namespace. */
export const resolveHost = (host: string, namespace: string, meshDomain: string): string =>
  host.includes('.') || host.includes(':') || host === '*' ? host : `${host}.${namespace}.svc.${meshDomain}`

/** Every host of a rule that takes `hostname`, the most specific first: itself, `*.` and ever less of it, `*`. */
export const hostPatterns = (hostname: string): readonly string[] => {
  const labels = hostname.replace(/^\*\./, '').split('.')
  const suffixes = labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`)
  return [hostname, ...suffixes, '*']
}
