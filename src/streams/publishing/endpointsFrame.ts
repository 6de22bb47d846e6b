import type { Position } from '../../model/entry.ts'
import type { EndpointsFrame } from '../../model/frame.ts'
import { fragmentsOf } from './fragments.ts'
import type { Endpoints } from './publishedView.ts'

/** What is said of the endpoints of one cluster as of `position`. */
export const endpointsFrame = ({ topic, resource }: Endpoints, position: Position): EndpointsFrame => {
  const [fragment] = fragmentsOf('endpoints', resource)
  if (fragment === undefined) throw new Error(`no endpoints of ${resource.name}`)
  return { type: 'endpoints', topic, position, fragment }
}
