/** A service as a user would write it. */
export const service = (name: string, port = 9080) => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ name: 'http', port, protocol: 'HTTP' }] },
})

/** The same as YAML. */
export const serviceYaml = (name: string, port = 9080): string => `apiVersion: rutter.dev/v1
kind: Service
metadata: {name: ${name}}
spec:
  ports:
  - {name: http, port: ${port}, protocol: HTTP}
`
