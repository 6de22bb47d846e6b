import type { HttpMatchRequest } from '../../src/model/istio/virtualService.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { RandomRules } from '../explain/randomRules.ts'
import { randomVirtualServices } from '../explain/randomVirtualServices.ts'

/** VirtualServices with what 2017 may have words for, and a last route that takes everything. */
export const plainVirtualServices: RandomRules = (draw, name, others) =>
  randomVirtualServices(draw, name, others).flatMap((resource): Resource[] => {
    if (resource.kind !== 'VirtualService') return [resource]
    const { metadata, spec } = resource as Resource<'VirtualService'>
    if (metadata.name !== name) return []
    const http = (spec.http ?? []).flatMap((route) => {
      if (route.delegate !== undefined || route.directResponse !== undefined) return []
      const { match, corsPolicy: _, ...rest } = route
      return [{ ...rest, ...(match === undefined ? {} : { match: match.map(plainMatch) }) }]
    })
    const last = { route: [{ destination: { host: name } }] }
    return [{ ...resource, spec: { hosts: [name], http: [...http, last] } } as Resource]
  })

const plainMatch = (match: HttpMatchRequest): HttpMatchRequest => {
  const { uri, ignoreUriCase, method, authority, headers } = match
  return {
    ...(uri && { uri }),
    ...(ignoreUriCase === undefined ? {} : { ignoreUriCase }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(headers && { headers }),
  }
}
