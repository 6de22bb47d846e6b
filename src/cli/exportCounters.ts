import { Counter, Gauge, type Registry } from 'prom-client'

/** What a figure is called at `/metrics`, and what it says in a sentence. A counter only rises; its name ends in
 *  `_total` (prometheus.io/docs/practices/naming). */
export type Metric = {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
}

/** Offers every figure that `read` gives in `registry`, read anew at each scrape. */
export const exportCounters = <T extends { readonly [K in keyof T]: number }>(
  registry: Registry,
  metrics: Readonly<Record<keyof T, Metric>>,
  read: () => T,
): void => {
  for (const key of Object.keys(metrics) as (keyof T)[]) {
    const { type, name, help } = metrics[key]
    const about = { name, help, registers: [registry] }
    if (type === 'gauge')
      new Gauge({
        ...about,
        collect() {
          this.set(read()[key])
        },
      })
    else
      new Counter({
        ...about,
        collect() {
          this.reset()
          this.inc(read()[key])
        },
      })
  }
}
