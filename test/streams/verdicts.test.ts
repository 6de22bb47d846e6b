import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeshEvent } from '../../src/model/event.ts'
import type { Frame } from '../../src/model/frame.ts'
import { sidecar } from '../projections/anyMesh.ts'
import { applied, given, instance, service } from '../reducers/given.ts'
import { agentOf, publishingOn } from './publishingOn.ts'

const names = Array.from({ length: 8 }, (_, i) => `service-${i}`)
const mesh = given(
  ...names.map((name) => applied(service(name))),
  ...names.map((name, i) => applied(instance(name, name, `10.2.0.${i}`))),
)
/** The instance of a service at another address. */
const moved = (i: number, turn: number): MeshEvent => {
  const name = names[i % names.length] as string
  return applied(instance(name, name, `10.3.${i % names.length}.${turn % 250}`))
}

const oneAgent = async (peers?: readonly string[]) => {
  const rutter = publishingOn(mesh, peers)
  const agent = agentOf(rutter, sidecar('10.1.0.1', 'p0'))
  await agent.sync()
  return { rutter, agent }
}

describe('what a controller answers to a status', () => {
  test('B15: to one that holds something else, that something is missing, once that cannot be on its way any more', async () => {
    const { rutter, agent } = await oneAgent()
    rutter.step(moved(0, 1))
    expect(agent.tell()).toBe('onItsWay')
    rutter.pass(2_900)
    expect(agent.tell()).toBe('onItsWay')
    rutter.pass(100)
    expect(agent.tell()).toBe('missing')
    await agent.askAll()
    expect(agent.tell()).toBe('equal')
  })

  test('B15: so of a view, of what is a proxy’s own, and of which view it reads', async () => {
    const changes: readonly (readonly MeshEvent[])[] = [
      [applied(service('another'))],
      [applied(instance('me', names[0] as string, '10.1.0.1'))],
    ]
    for (const events of changes) {
      const { rutter, agent } = await oneAgent()
      expect(rutter.step(...events)).not.toEqual([])
      expect(agent.tell()).toBe('onItsWay')
      rutter.pass(3_000)
      expect(agent.tell()).toBe('missing')
    }
  })

  test('B15: while endpoints go on changing, what was lost shows within seconds all the same', async () => {
    const { rutter, agent } = await oneAgent()
    rutter.step(moved(0, 1))
    const verdicts: unknown[] = []
    for (let second = 0; second < 8; second += 1) {
      // All but the first is heard.
      for (const frame of rutter.step(moved(1 + (second % 7), second))) agent.take(frame)
      rutter.pass(1_000)
      verdicts.push(agent.tell())
    }
    expect(verdicts.slice(0, 4)).toEqual(Array(4).fill('onItsWay'))
    expect(verdicts.slice(4)).toEqual(Array(4).fill('missing'))
  })

  test(
    'B16: what is on its way is not taken for a loss, though it be late by seconds and changes never end',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ service: fc.nat(7), lag: fc.nat(40), told: fc.boolean() }), {
            maxLength: 200,
          }),
          async (steps) => {
            const { rutter, agent } = await oneAgent()
            const onTheirWay: Frame[] = []
            for (const [turn, { service: i, lag, told }] of steps.entries()) {
              onTheirWay.push(...rutter.step(moved(i, turn)))
              rutter.pass(100)
              while (onTheirWay.length > lag) agent.take(onTheirWay.shift() as Frame)
              if (told) expect(agent.tell()).not.toBe('missing')
            }
          },
        ),
        { seed: 13, numRuns: 60 },
      ),
    60_000,
  )

  test('B16: nor is what this controller has not folded yet', async () => {
    const { rutter, agent } = await oneAgent()
    const ahead = { ...agent.status(), position: agent.assembly.position() + 1 }
    const digest = 'of what is to come'
    const endpoints = { ...ahead.standing.endpoints, digest }
    rutter.pass(60_000)
    expect(rutter.status({ ...ahead, standing: { ...ahead.standing, endpoints } })).toBe(undefined)
  })

  test('B14: an agent that knows another log is told to ask, whatever it holds', async () => {
    const { rutter, agent } = await oneAgent()
    expect(rutter.status({ ...agent.status(), log: 'other' })).toBe('missing')
  })

  test('B17: of several controllers one answers, and all know how the proxy does', async () => {
    const { rutter, agent } = await oneAgent()
    const { node } = agent.status()
    const controllers = ['one', 'two', 'three'].map((id) => {
      const its = publishingOn(mesh, ['one', 'three', 'two'], { id })
      return { its, verdict: its.status(agent.status()) }
    })
    expect(controllers.map(({ verdict }) => verdict ?? 'nothing').sort()).toEqual([
      'equal',
      'nothing',
      'nothing',
    ])
    for (const { its } of controllers)
      expect(its.fleet.statuses()).toMatchObject([{ id: node, state: 'synced' }])
    expect(rutter.fleet.statuses()).toHaveLength(1)
  })

  test('B18: of endpoints an agent gets what changed since it was last found to hold what it should', async () => {
    const { rutter, agent } = await oneAgent()
    for (let turn = 0; turn < 20; turn += 1)
      for (const frame of rutter.step(moved(turn, turn))) agent.take(frame)
    expect(agent.tell()).toBe('equal')
    rutter.step(moved(3, 100))
    const answer = await agent.sync()
    if (answer.type !== 'missing') throw new Error('nothing is missing')
    expect(answer.frames).toHaveLength(1)
  })
})
