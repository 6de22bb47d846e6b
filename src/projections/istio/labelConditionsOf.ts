import type { ConfigKind } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'

type Labels = Readonly<Record<string, string>>

/** Every set of labels that `resource` asks of callers; empty ones ask nothing. */
export const labelConditionsOf = (resource: Resource<ConfigKind>): readonly Labels[] =>
  asked(resource).filter((labels) => labels !== undefined && Object.keys(labels).length > 0) as Labels[]

const asked = (resource: Resource<ConfigKind>): readonly (Labels | undefined)[] => {
  if (resource.kind === 'DestinationRule') return [selectedLabels(resource)]
  if (resource.kind !== 'VirtualService') return []
  const { http = [], tcp = [], tls = [] } = resource.spec
  return [...http, ...tcp, ...tls].flatMap(
    ({ match = [] }: { match?: readonly { sourceLabels?: Labels }[] }) =>
      match.map(({ sourceLabels }) => sourceLabels),
  )
}

/** The labels of the callers that a DestinationRule is for; `undefined` for all. */
export const selectedLabels = ({ spec }: Resource<'DestinationRule'>): Labels | undefined =>
  spec.workloadSelector?.matchLabels ?? spec.workloadSelector?.labels
