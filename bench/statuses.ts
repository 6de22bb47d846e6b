// What a controller spends on the statuses of many agents to which nothing happens: node scripts/bench.mjs statuses
// [agents]
// One controller, one server; a process of its own says the statuses of all agents in turn, each every 5 s, over one
// connection: what comes together is read together, more than from as many connections.
import { fork } from 'node:child_process'
import { isLeft } from 'fp-ts/lib/Either.js'
import { natsAgentBus } from '../src/adapters/nats/agentBus.ts'
import { busSubjects } from '../src/adapters/nats/busSubjects.ts'
import { connectNats } from '../src/adapters/nats/connectNats.ts'
import { natsServerProgram } from '../src/adapters/outsidePrograms/natsServerProgram.ts'
import { openLog } from '../src/cli/openLog.ts'
import { encodeAgentStatus } from '../src/codecs/busMessage.ts'
import { startNats } from '../test/adapters/nats/natsHarness.ts'
import { callerIn, entriesOf, largeMesh, namespaceOf } from './given/largeMesh.ts'
import { measuredController } from './given/measuredController.ts'
import { monotonicMs } from './given/monotonicMs.ts'
import { programAt } from './given/programAt.ts'

const mesh = 'bench'
const everyMs = 5_000
/** Until all were heard twice, and what runs often has been compiled. */
const warmUpMs = 15_000
const measuredMs = 10_000
const rounds = 5

const bench = async (agents: number): Promise<void> => {
  const nats = await startNats(await programAt(natsServerProgram))
  const place = { profile: { urls: nats.urls, clientName: 'rutter-controller bench' }, mesh }
  const opened = await openLog(place, () => {})
  for (const { events, position } of entriesOf(largeMesh(50, 500), 1_000)) {
    const answer = await opened.log.append(events, position - 1)
    if (isLeft(answer)) throw new Error(answer.left._tag)
  }
  const bus = opened.bus?.('bench')
  if (bus === undefined) throw new Error('no bus')
  const running = measuredController({ log: opened.log, start: opened.start.snapshot, bus })
  const speaker = fork(process.argv[1] as string, ['speaker', nats.urls[0] as string, String(agents)])
  const statuses = (): { readonly compared: number; readonly missing: number } => {
    const { statusesCompared = 0, statusesMissing = 0 } = running.publishing?.counters() ?? {}
    return { compared: statusesCompared, missing: statusesMissing }
  }
  await new Promise((resolve) => setTimeout(resolve, warmUpMs))
  for (let round = 0; round < rounds; round += 1) {
    const [before, from, cpu] = [statuses(), monotonicMs(), process.cpuUsage()]
    await new Promise((resolve) => setTimeout(resolve, measuredMs))
    const { user, system } = process.cpuUsage(cpu)
    const { compared, missing } = statuses()
    const share = (user + system) / 10 / (monotonicMs() - from)
    const each = (user + system) / (compared - before.compared)
    console.log(
      `${agents} agents: ${share.toFixed(1)} % of a processor, ${each.toFixed(0)} µs for each of ${compared - before.compared} statuses; ${missing - before.missing} found to miss something`,
    )
  }
  speaker.kill('SIGKILL')
  running.stop()
  bus.close()
  await opened.log.close()
  await nats.stop()
}

/** Says that each of so many agents holds what it should. */
const speak = async (url: string, agents: number): Promise<void> => {
  const link = await connectNats({ urls: [url], clientName: 'bench' })
  if (isLeft(link)) throw link.left
  const nodes = Array.from({ length: agents }, (_, i) => callerIn(namespaceOf(0), i).node)
  const nothing = { digest: '', position: -1 }
  // They have nothing of their own, so all stand where the first should.
  const answer = await natsAgentBus(link.right, mesh, nodes[0] as string).sync({
    node: nodes[0] as string,
    metadata: {},
    standing: { own: nothing, view: { ...nothing, topic: '' }, endpoints: nothing },
  })
  if (answer.type !== 'missing') throw new Error(answer.type)
  const { standing, log } = answer
  const { position } = standing.own
  const messages = nodes.map((id) => {
    const status = { id, type: 'sidecar', connected: true, state: 'synced', rejections: [] } as const
    const said = { node: id, metadata: {}, standing, position, log }
    return {
      subject: busSubjects(mesh).status(id),
      bytes: encodeAgentStatus({ ...said, status: { ...status, ackedPosition: position } }),
    }
  })
  const fromMs = monotonicMs()
  let said = 0
  setInterval(() => {
    const due = ((monotonicMs() - fromMs) / everyMs) * agents
    for (; said < due; said += 1) {
      const message = messages[said % agents]
      if (message !== undefined) link.right.connection.publish(message.subject, message.bytes)
    }
  }, 1)
}

if (process.argv[2] === 'speaker') await speak(process.argv[3] as string, Number(process.argv[4]))
else await bench(Number(process.argv[2] ?? 10_000))
