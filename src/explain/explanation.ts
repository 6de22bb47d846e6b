/** What becomes of a request. */
export type Outcome = {
  readonly type: 'cluster' | 'redirect' | 'direct' | 'abort' | 'none'
  /** Of type `cluster`: where it may go, with Envoy's weights; a single one has weight 100. */
  readonly clusters?: readonly { readonly name: string; readonly weight: number }[]
  /** Of type `cluster`: as the cluster's endpoint will see it, with the query; absent for plain connections. */
  readonly path?: string
  /** Of type `cluster`: as the cluster's endpoint will see it; absent where only Envoy knows it. */
  readonly authority?: string
  /** What Envoy answers by itself. */
  readonly status?: number
  /** Of type `redirect`. */
  readonly location?: string
}

/** One thing that was tried on a request's way. Those that did not match, or are not evaluated, say why. */
export type Step = {
  readonly at: 'listener' | 'filterChain' | 'filter' | 'routeConfiguration' | 'virtualHost' | 'route'
  readonly name: string
  readonly matched: boolean
  readonly why?: string
}

/** The resource that made a piece of configuration, as its metadata names it (contract §4). */
export type RuleName = {
  /** `RouteRule/default/reviews-v2`. */
  readonly rule: string
  /** Absent on listeners. */
  readonly position?: number
}

/** A request's way through what one proxy was given. The last step is the winner, or where the way ends. */
export type Explanation = {
  readonly outcome: Outcome
  readonly rule: RuleName | undefined
  readonly steps: readonly Step[]
}
