import { describe, expect, test } from 'vitest'
import { createAssembly, nothingChanged } from '../../src/agent/assembly.ts'
import { emptyDigest } from '../../src/agent/digest.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import type { Frame } from '../../src/model/frame.ts'
import { xdsTypes } from '../../src/model/xds.ts'
import { sidecar } from '../projections/anyMesh.ts'
import { applied, given, instance, service } from '../reducers/given.ts'
import { agentOf, publishingOn } from '../streams/publishingOn.ts'

const oneAgent = async () => {
  const names = ['one', 'two']
  const rutter = publishingOn(
    given(
      ...names.map((name) => applied(service(name))),
      ...names.map((name, i) => applied(instance(name, name, `10.2.0.${i}`))),
    ),
  )
  const agent = agentOf(rutter, sidecar('10.1.0.1', 'p0'))
  await agent.sync()
  const readable = () =>
    Object.fromEntries(
      xdsTypes.map((type) => [
        type,
        [...agent.assembly.names(type)].map((name) => [name, agent.assembly.get(type, name)?.version]).sort(),
      ]),
    )
  return { rutter, agent, readable }
}

const viewThatDoesNotComeOut = (frame: Frame): Frame =>
  frame.type === 'view' ? { ...frame, after: emptyDigest } : frame
const turnThatDoesNotComeOut = (frame: Frame): Frame =>
  frame.type === 'proxy' && frame.turn !== undefined
    ? { ...frame, turn: { ...frame.turn, after: emptyDigest } }
    : frame
const turnThatIsToBeAskedFor = (frame: Frame): Frame => {
  if (frame.type !== 'proxy') return frame
  const { turn: _, ...rest } = frame
  return rest
}

const another: MeshEvent = applied(service('another'))
/** Proxies of the namespace read another view from then on. */
const scope: MeshEvent = applied({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name: 'default', namespace: 'default' },
  spec: { egress: [{ hosts: ['./one.default.svc.cluster.local'] }] },
})
/** The proxy listens where it did not. */
const becomesAnInstance: MeshEvent = applied(instance('me', 'one', '10.1.0.1'))

describe('what an agent puts together', () => {
  test.each([
    ['a change of its view', viewThatDoesNotComeOut, another],
    ['the way to another view', turnThatDoesNotComeOut, scope],
  ])(
    'B24: %s that does not come out as it says is asked for, and what was held stays',
    async (_, spoilt, event) => {
      const { rutter, agent, readable } = await oneAgent()
      const before = readable()
      const frames = rutter.step(event).map((frame) => ({ heard: spoilt(frame), sent: frame }))
      const wrong = frames.filter(({ heard, sent }) => heard !== sent)
      expect(wrong).toHaveLength(1)
      for (const { heard } of wrong) expect(agent.assembly.take(heard, nothingChanged())).toBe('gap')
      expect(readable()).toEqual(before)
      await agent.askAll()
      expect(readable()).not.toEqual(before)
      expect(agent.tell()).toBe('equal')
    },
  )

  test('B24: whoever is behind what was held leads nobody back', async () => {
    const { rutter, agent, readable } = await oneAgent()
    const { node } = sidecar('10.1.0.1', 'p0')
    const standing = createAssembly().standing()
    const older = await rutter.ask({ node, metadata: {}, standing, log: 'one' })
    for (const frame of rutter.step(another)) agent.take(frame)
    const before = readable()
    const [frame] = rutter.step(applied(service('yet-another')))
    if (frame === undefined || older.type !== 'missing') throw new Error('nothing is told')
    expect(agent.assembly.take(viewThatDoesNotComeOut(frame), nothingChanged())).toBe('gap')
    for (const one of older.frames) agent.assembly.take(one, nothingChanged())
    expect(readable()).toEqual(before)
    await agent.askAll()
    expect(agent.tell()).toBe('equal')
  })

  test('B24: what is a proxy’s own waits for the view that it goes with', async () => {
    const { rutter, agent, readable } = await oneAgent()
    const before = readable()
    const [frame] = rutter.step(scope, becomesAnInstance).filter(({ type }) => type === 'proxy')
    if (frame === undefined) throw new Error('its proxy is told nothing')
    expect(agent.assembly.take(turnThatIsToBeAskedFor(frame), nothingChanged())).toBe('gap')
    expect(readable()).toEqual(before)
    await agent.askAll()
    expect(readable()['listeners']).not.toEqual(before['listeners'])
  })
})
