import type { HostPort } from '../../agent/bootstrap.ts'
import type { Resource } from '../../model/resource.ts'
import type { Place } from './bookinfo.ts'
import type { LastWill } from './lastWill.ts'

/** What the demo does with its mesh, in whatever shape it runs. */
export type DemoMesh = {
  /** URL of a controller's HTTP API. */
  readonly url: string
  /** What else there is to try, a line each. */
  readonly hints: readonly string[]
  /** Position of the log now. */
  position(): Promise<number>
  /** Applies `resource` and waits until every Envoy has acknowledged it; its position. Rejects otherwise. */
  apply(resource: Resource): Promise<number>
}

/** What the demo is to run, and where. */
export type DemoMeshOptions = {
  readonly envoy: string
  /** Path of nats-server: controllers and agents are then processes of their own over NATS. */
  readonly nats?: string
  readonly place: Place
  readonly http: HostPort
  readonly progress: (line: string) => void
  /** Gives up starting. */
  readonly signal: AbortSignal
}

/** What a shape of the demo's mesh gets beside the options. */
export type DemoParts = DemoMeshOptions & {
  /** For all its files; removed at the end. */
  readonly directory: string
  readonly will: LastWill
  /** What must be done at the end; what was added last is done first. */
  readonly toStop: (() => Promise<unknown>)[]
  /** Tells that the demo cannot go on, and why. */
  readonly broke: (reason: string) => void
}
