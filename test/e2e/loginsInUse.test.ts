import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { subjectToken } from '../../src/model/subjectToken.ts'
import { type MeshLogins, meshLogins } from '../adapters/nats/meshLogins.ts'
import { certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { ownNet } from '../ownNet.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Login, startFleet } from './fleet.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

describe.skipIf(envoy.skip || nats.skip)(
  'controllers and agents with what `rutter nats-config` wrote, over TLS',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'rutter-logins-'))
    afterAll(() => rmSync(directory, { recursive: true, force: true }))
    const tls = certificates(join(directory, 'tls'))

    // Addresses of workloads are given out one after the other: every node that may come is named before.
    const nodesOf = (from: number): Readonly<Record<string, string>> =>
      Object.fromEntries(
        ['client-1', 'reviews-v1', 'reviews-v2'].map((name, i) => [
          name,
          `sidecar~${ownNet}.${from + i}.1~${name}.default~default.svc.cluster.local`,
        ]),
      )

    const byPassword = (logins: MeshLogins) => {
      const { controller, agents } = logins.credentials()
      return (node?: string): Login => {
        const { user, password } =
          node === undefined ? controller : (agents.find((one) => one.node === node) ?? controller)
        return { args: [], env: { RUTTER_NATS_USER: user, RUTTER_NATS_PASSWORD: password } }
      }
    }
    const bySeed =
      (logins: MeshLogins) =>
      (node?: string): Login => ({
        args: [
          '--nats-nkey',
          join(logins.directory, node === undefined ? 'controller.nk' : `agent.${subjectToken(node)}.nk`),
        ],
        env: {},
      })

    test.each([
      ['passwords', [], byPassword, 1],
      ['nkeys', ['--nkeys'], bySeed, 4],
    ] as const)(
      'Z20: route requests with %s, are refused nothing, and show no secret in a command line',
      async (name, flags, login, from) => {
        const nodes = nodesOf(from)
        const at = join(directory, name)
        const logins = await meshLogins(
          at,
          ...flags,
          ...Object.values(nodes).flatMap((node) => ['--agent', node]),
        )
        const fleet = await startFleet({
          envoy: envoy.path,
          nats: nats.path,
          natsExtra: [
            `include "../${basename(directory)}/${name}/nats.conf"`,
            `tls { cert_file: "${tls.cert}", key_file: "${tls.key}" }`,
          ].join('\n'),
          login: (node) => {
            const { args, env } = login(logins)(node)
            return { args: [...args, '--nats-ca', tls.ca], env }
          },
        })
        onTestFinished(() => fleet.stop(), 60_000)
        const { mesh } = fleet
        for (const one of ['client', 'reviews']) await mesh.put(service(one))
        const client = await mesh.workload('client-1', { service: 'client' })
        for (const version of ['v1', 'v2'])
          await mesh.workload(`reviews-${version}`, { service: 'reviews', version })
        expect(client.node).toBe(nodes['client-1'])
        for (const version of ['v1', 'v2']) {
          const spec = { destination: { name: 'reviews' }, route: [{ labels: { version } }] }
          await mesh.put(routeRule('reviews', spec))
          await mesh.settled()
          expect((await client.get('reviews:9080')).body).toBe(`reviews ${version}`)
        }
        for (const { said } of fleet.servers.servers)
          expect(said()).not.toMatch(/Violation|authentication error/i)
        const { controller, agents } = logins.credentials()
        const secrets = [controller, ...agents].flatMap(({ password, seed }) =>
          [password ?? [], seed ?? []].flat(),
        )
        expect(secrets).toHaveLength(4)
        const lines = readdirSync('/proc')
          .filter((entry) => /^\d+$/.test(entry))
          .flatMap((pid) => {
            try {
              return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
            } catch {
              return []
            }
          })
        for (const secret of secrets) expect(lines.filter((line) => line.includes(secret))).toEqual([])
      },
      90_000,
    )
  },
)
