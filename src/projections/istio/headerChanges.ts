import type { HeaderOperations } from '../../model/istio/virtualService.ts'
import type { HeaderChanges } from '../routes/httpRoute.ts'

/** What `operations` do to headers, but for the authority; `undefined` when nothing. */
export const headerChanges = (operations: HeaderOperations | undefined): HeaderChanges | undefined => {
  if (operations === undefined) return undefined
  const { set = {}, add = {}, remove = [] } = operations
  const put = [
    ...Object.entries(set)
      .filter(([name]) => !isAuthority(name))
      .map(([name, value]) => ({ name: name.toLowerCase(), value: envoyFormat(value), how: 'set' as const })),
    ...Object.entries(add).map(([name, value]) => ({
      name: name.toLowerCase(),
      value: envoyFormat(value),
      how: 'append' as const,
    })),
  ]
  return put.length + remove.length === 0
    ? undefined
    : { put, remove: remove.map((name) => name.toLowerCase()) }
}

/** The authority that `operations` set, which is a rewrite to Envoy. */
export const setAuthority = (operations: HeaderOperations | undefined): string | undefined =>
  operations?.set && Object.entries(operations.set).find(([name]) => isAuthority(name))?.[1]

const isAuthority = (name: string): boolean => ['host', ':authority'].includes(name.toLowerCase())

// Variables of Envoy's substitution formats, those that have an argument in brackets last.
const variables = [
  'PROTOCOL|RESPONSE_CODE(?:_DETAILS)?|RESPONSE_FLAGS|ROUTE_NAME|VIRTUAL_CLUSTER_NAME|HOSTNAME|START_TIME',
  'FILTER_CHAIN_NAME|REQUESTED_SERVER_NAME|STREAM_ID|CONNECTION_ID',
  'UPSTREAM_(?:HOST|CLUSTER|LOCAL_ADDRESS|REMOTE_ADDRESS(?:_WITHOUT_PORT)?)',
  'DOWNSTREAM_(?:(?:DIRECT_)?REMOTE|LOCAL)_(?:ADDRESS(?:_WITHOUT_PORT)?|PORT)',
  '(?:REQ|RESP|TRAILER|START_TIME|METADATA|DYNAMIC_METADATA|UPSTREAM_METADATA|FILTER_STATE|ENVIRONMENT)\\([^%]+\\)(?::\\d+)?',
].join('|')
const known = new RegExp(`%%|%(?:${variables})%|%`, 'g')

/** `value` as Envoy's format: `%` that begins none of its variables stands for itself, for an unknown one would make
 *  Envoy refuse the route. */
const envoyFormat = (value: string): string =>
  value.replaceAll(known, (found) => (found === '%' ? '%%' : found))
