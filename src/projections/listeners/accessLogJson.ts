import type { JsonObject } from '../json.ts'

const loggers = 'type.googleapis.com/envoy.extensions.access_loggers'

// Envoy's default line, then the route, the rule behind it and the cluster.
const line =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% ' +
  '%RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" ' +
  '"%ROUTE_NAME%" "%METADATA(ROUTE:rutter:rule)%" "%UPSTREAM_CLUSTER%"\n'

/** The `access_log` field of a filter that logs to the file `path`; nothing for the empty path. */
export const accessLogJson = (path: string): JsonObject => {
  if (path === '') return {}
  const log_format = { text_format_source: { inline_string: line } }
  return { access_log: [loggerJson(path, log_format)] }
}

// Envoy's own streams are written to as they are: opening /dev/stdout by name fails where it is a socket (an
// Envoy whose parent reads its output) or belongs to another user, and Envoy then refuses the listener.
const loggerJson = (path: string, log_format: JsonObject): JsonObject => {
  if (path === '/dev/stdout')
    return stream('envoy.access_loggers.stdout', 'stream.v3.StdoutAccessLog', { log_format })
  if (path === '/dev/stderr')
    return stream('envoy.access_loggers.stderr', 'stream.v3.StderrAccessLog', { log_format })
  return stream('envoy.access_loggers.file', 'file.v3.FileAccessLog', { path, log_format })
}

const stream = (name: string, type: string, config: JsonObject): JsonObject => ({
  name,
  typed_config: { '@type': `${loggers}.${type}`, ...config },
})
