/** Valid documents of every kind, for round trips and as a start for mutations. */
export const corpus: readonly string[] = [
  `apiVersion: rutter.dev/v1
kind: Service
metadata: {name: reviews, namespace: default, labels: {app: reviews, "on": "yes"}}
spec:
  hostname: reviews.default.svc.cluster.local
  address: 10.1.0.4
  ports:
  - {name: http, port: 9080, protocol: HTTP}
  - {name: tcp, port: 9081}
`,
  `# one workload
apiVersion: rutter.dev/v1
kind: Instance
metadata:
  name: reviews-v2-a
  annotations:
    note: |
      two
      lines
spec:
  service: [reviews, ratings]
  address: 127.0.1.5
  labels: {version: "1.10", constructor: "true", empty: ""}
  ports:
    http: {port: 9080, app: 127.0.2.5:9080}
    tcp: 9081
  managementPorts: [{port: 3333, protocol: HTTP}]
  weight: 1
  zone: "012"
---
apiVersion: rutter.dev/v1
kind: MeshSettings
metadata: {name: mesh}
spec: {domain: cluster.local, connectTimeout: 1s, accessLog: "", proxyHttpPort: 0}
`,
  `apiVersion: rutter.dev/v1
kind: EnvoyResource
metadata: {name: my-cluster}
spec:
  proxies: {ids: [edge-1, "sidecar~10.0.0.1~a~b"]}
  resource:
    "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
    name: my-cluster
    connect_timeout: 0.5s
    circuitBreakers: {thresholds: [{max_connections: 10}]}
    metadata: {filter_metadata: {x: {"y": [1, null, true, "z"]}}}
`,
  `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: reviews-split}
spec:
  destination: {name: reviews}
  precedence: 2
  match:
    source: &source {name: productpage, labels: {version: v1}}
    request:
      headers:
        cookie: {regex: "^(.*?;)?(user=jason)(;.*)?$"}
        uri: {prefix: /reviews}
  route:
  - {labels: {version: v1}, weight: 90}
  - {labels: {version: v2}, weight: 10}
  httpFault: {delay: {percent: 0.5, fixedDelay: 5s}, abort: {percent: 10, httpStatus: 503}}
  httpReqTimeout: {simpleTimeout: {timeout: 1.5s}}
  httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 250ms}}
  mirror: *source
  corsPolicy: {allowOrigin: ["*"], allowMethods: [GET], maxAge: 300s, allowCredentials: false}
  appendHeaders: {x-a: "100%"}
`,
  `kind: List
apiVersion: v1
items:
- apiVersion: config.istio.io/v1alpha2
  kind: DestinationPolicy
  metadata: {name: a, uid: x, generation: 1}
  spec:
    destination: {name: reviews, labels: {version: v1}}
    loadBalancing: {name: RANDOM}
    circuitBreaker: {simpleCb: {maxConnections: 100, sleepWindow: 0.5s, httpMaxEjectionPercent: 50}}
  status: {}
- apiVersion: config.istio.io/v1alpha2
  kind: IngressRule
  metadata: {name: b}
  spec: {destination: {name: reviews}, destinationPortName: http, tlsSecret: cert.default}
- apiVersion: config.istio.io/v1alpha2
  kind: EgressRule
  metadata: {name: c}
  spec: {destination: {service: "*.example.com"}, ports: [{port: 443, protocol: https}]}
- apiVersion: networking.istio.io/v1beta1
  kind: Sidecar
  metadata: {name: d}
  spec: {workloadSelector: {labels: {app: a}}, egress: [{hosts: ["./*", "~/*"]}]}
`,
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match:
    - headers: {end-user: {exact: jason}}
      queryParams: {q: {}}
    fault: {delay: {percentage: {value: 0.1}, fixedDelay: 7s}}
    route:
    - destination: {host: reviews, subset: v2}
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {simple: RANDOM}, outlierDetection: {consecutive5xxErrors: 1}}
  subsets:
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [api.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm}
spec: {address: 10.0.0.1, labels: {app: vm}, ports: {http: 8080}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gate}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
`,
]
