import { expect, onTestFinished, test, vi } from 'vitest'
import { createStatusReader } from '../../../src/adapters/nats/statusReader.ts'
import { encodeAgentStatus } from '../../../src/codecs/busMessage.ts'
import { subjectToken } from '../../../src/model/subjectToken.ts'

const node = 'sidecar~10.1.0.1~p0.default~default.svc.cluster.local'
const subject = `rutter.default.status.${subjectToken(node)}`
const nowhere = { digest: '', position: 0 }
const standing = { own: nowhere, view: { ...nowhere, topic: '' }, endpoints: nowhere }
const saying = (ackedPosition: number, of = node): Uint8Array =>
  encodeAgentStatus({
    node: of,
    metadata: {},
    standing,
    position: 0,
    status: { id: of, type: 'sidecar', connected: true, state: 'synced', ackedPosition, rejections: [] },
  })

const reading = () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { read } = createStatusReader((of) => `verdict of ${of}`)
  return (bytes: Uint8Array, on = subject) => read(on, bytes)
}

test('B20: the same bytes are the same status, other bytes another, and each knows where it is answered', () => {
  const read = reading()
  const first = read(saying(1))
  expect(first).toMatchObject({ status: { node }, verdictSubject: `verdict of ${node}` })
  expect(read(saying(1))?.status).toBe(first?.status)
  expect(read(saying(2))?.status.status.ackedPosition).toBe(2)
  expect(read(saying(1))?.status.status.ackedPosition).toBe(1)
})

test('B20: the message may be overwritten once it was read', () => {
  const read = reading()
  const bytes = saying(1)
  const first = read(bytes)
  bytes.fill(0)
  expect(read(saying(1))?.status).toBe(first?.status)
})

test('B20, Z8: what is none, or of another node than its subject, is none each time', () => {
  const read = reading()
  const garbled = new Uint8Array(8)
  const foreign = saying(1, node.replace('p0', 'p1'))
  for (let i = 0; i < 2; i += 1) expect([read(garbled), read(foreign)]).toEqual([undefined, undefined])
  expect(read(saying(1))?.status.node).toBe(node)
  expect(read(garbled)).toBe(undefined)
})

test('B20: what is said again within a minute is remembered, what is not for two is not', () => {
  const read = reading()
  const first = read(saying(1))
  for (let minute = 0; minute < 5; minute += 1) {
    vi.advanceTimersByTime(55_000)
    expect(read(saying(1))?.status).toBe(first?.status)
  }
  vi.advanceTimersByTime(61_000)
  // Others go on speaking.
  const other = node.replace('p0', 'p1')
  for (let minute = 0; minute < 2; minute += 1) {
    read(saying(1, other), `rutter.default.status.${subjectToken(other)}`)
    vi.advanceTimersByTime(61_000)
  }
  expect(read(saying(1))?.status).not.toBe(first?.status)
})
