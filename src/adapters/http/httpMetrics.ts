import { Counter, Gauge, type Registry } from 'prom-client'

export type HttpMetrics = {
  readonly requests: Counter<'method' | 'route' | 'status'>
  readonly eventReaders: Gauge
  readonly eventReadersCut: Counter
}

/** The server's own figures, in `registry`. */
export const httpMetrics = (registry: Registry): HttpMetrics => {
  const registers = [registry]
  return {
    requests: new Counter({
      name: 'rutter_http_requests_total',
      help: 'Requests answered, by method, route and status.',
      labelNames: ['method', 'route', 'status'] as const,
      registers,
    }),
    eventReaders: new Gauge({
      name: 'rutter_http_event_readers',
      help: 'Streams of events that are open.',
      registers,
    }),
    eventReadersCut: new Counter({
      name: 'rutter_http_event_readers_cut_total',
      help: 'Streams of events that were cut because their reader did not keep up.',
      registers,
    }),
  }
}
