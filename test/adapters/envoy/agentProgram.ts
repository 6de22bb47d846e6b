import { type SuperviseEnvoyOptions, superviseEnvoy } from '../../../src/adapters/envoy/superviseEnvoy.ts'

// An agent that does nothing but supervise: options as JSON in, one status a line out; runs until it is killed.
const options = JSON.parse(process.argv[2] ?? '') as SuperviseEnvoyOptions
await superviseEnvoy({
  ...options,
  onStatus: (status) => process.stdout.write(`${JSON.stringify(status)}\n`),
})
