/** A service as YAML. */
export const service = (name: string, port = 9080): string =>
  `apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: ${name}}\nspec:\n  ports: [{name: http, port: ${port}}]\n`

/** A rule to reviews that sends `percent` of the calls to v1, the rest to v2. */
export const rule = (name: string, percent: number, rest = 100 - percent): string =>
  `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: ${name}}
spec:
  destination: {name: reviews}
  route:
  - {labels: {version: v1}, weight: ${percent}}
  - {labels: {version: v2}, weight: ${rest}}
`
