import type { Position } from './entry.ts'
import type { ProxyStatus } from './fleet.ts'
import type { ProxyMetadata } from './proxy.ts'
import type { Cause, XdsType } from './xds.ts'

/** A subject on the bus, below the mesh's. */
export type Topic = string

/** What a fragment is: a resource as it is, or a route configuration without its virtual hosts, or one of these. */
export type FragmentKind = XdsType | 'routeTables' | 'virtualHosts'

/** Names a fragment. Of a virtual host, `table` is its route configuration; of others it is empty. */
export type FragmentKey = { readonly kind: FragmentKind; readonly table: string; readonly name: string }

/** A piece of configuration as it travels. */
export type Fragment = FragmentKey & {
  readonly version: string
  readonly bytes: Uint8Array
  readonly causes: readonly Cause[]
  /** Clusters that it names, where it does. */
  readonly clusters?: readonly string[]
  readonly lingers?: true
  /** Of a cluster whose endpoints come over the bus: on which topic. */
  readonly endpoints?: Topic
}

/** Fragments that are new or other, and those that are gone. */
export type FragmentChange = { readonly put: readonly Fragment[]; readonly gone: readonly FragmentKey[] }

/** A change from the content with the digest `before` to the one with `after`; without `before` it is the whole. */
export type ContentChange = FragmentChange & {
  readonly position: Position
  readonly before?: string
  readonly after: string
}

/** What changed in a view that proxies share. With a cluster that is new to it come its endpoints. */
export type ViewFrame = ContentChange & { readonly type: 'view'; readonly topic: Topic }

/** The endpoints of one cluster, whole. */
export type EndpointsFrame = {
  readonly type: 'endpoints'
  readonly topic: Topic
  readonly position: Position
  readonly fragment: Fragment
}

/** What changed of what one proxy shares with nobody. */
export type ProxyFrame = ContentChange & {
  readonly type: 'proxy'
  readonly topic: Topic
  /** The view that it reads; empty for none. */
  readonly view: Topic
  /** How that view differs from the one it read before. */
  readonly turn?: FragmentChange & { readonly from: Topic; readonly before: string; readonly after: string }
}

/** What a controller tells agents. */
export type Frame = ViewFrame | EndpointsFrame | ProxyFrame

/** A digest of some content, and the position as of which it holds. */
export type Mark = { readonly digest: string; readonly position: Position }

/** How far an agent has come, or should have. */
export type Standing = {
  readonly own: Mark
  readonly view: Mark & { readonly topic: Topic }
  /** Of the endpoints of all clusters of the view. */
  readonly endpoints: Mark
}

/** An agent asks for what it misses. */
export type SyncRequest = {
  readonly node: string
  readonly metadata: ProxyMetadata
  readonly standing: Standing
  /** The log that its positions are of; absent when it does not know any. */
  readonly log?: string
}

/** All that an asker misses, and where it stands with it; or that the controller asked has not come as far as the
 *  asker, or does not serve it. */
export type SyncAnswer =
  | {
      readonly type: 'missing'
      readonly frames: readonly Frame[]
      readonly standing: Standing
      /** Tells the log from another one of the same mesh that was begun anew. */
      readonly log: string
    }
  | { readonly type: 'behind'; readonly position: Position }
  | { readonly type: 'refused'; readonly reason: string }

/** What an agent says of its Envoy. */
export type AgentStatus = {
  readonly node: string
  readonly metadata: ProxyMetadata
  readonly standing: Standing
  readonly status: ProxyStatus
  /** Of the newest that came. */
  readonly position: Position
  /** The log that its positions are of; absent when it does not know any. */
  readonly log?: string
}

/** What a controller finds that compares a status with what is intended: the agent holds that; or something else, which
 *  may still be on its way; or something is missing, and must be asked for. */
export type Verdict = 'equal' | 'onItsWay' | 'missing'
