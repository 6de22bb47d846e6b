import { Gauge, type Registry } from 'prom-client'

/** Offers every figure of `read` in `registry` as `<prefix>_<name>`, read anew at each scrape. */
export const exportCounters = (
  registry: Registry,
  prefix: string,
  read: () => Readonly<Record<string, number>>,
): void => {
  for (const name of Object.keys(read()))
    new Gauge({
      name: `${prefix}_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      help: `${name} of ${prefix}.`,
      registers: [registry],
      collect() {
        this.set(read()[name] ?? 0)
      },
    })
}
