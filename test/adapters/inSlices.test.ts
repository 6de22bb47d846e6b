import { expect, onTestFinished, test } from 'vitest'
import { inSlices } from '../../src/adapters/inSlices.ts'
import { readingResources, readResources } from '../../src/codecs/readResources.ts'

const instance = (i: number) => `apiVersion: rutter.dev/v1
kind: Instance
metadata: {name: i-${i}}
spec: {service: reviews, address: 10.0.${i >> 8}.${i & 255}, ports: {http: 9080}}
`

test('C19: while a large batch is read others have their turn, and it is read as it would be at once', async () => {
  const sources = [
    { format: 'yaml' as const, input: Array.from({ length: 2_000 }, (_, i) => instance(i)).join('---\n') },
  ]
  let turns = 0
  let next: NodeJS.Immediate
  const turn = () => {
    turns += 1
    next = setImmediate(turn)
  }
  turn()
  onTestFinished(() => clearImmediate(next))
  const read = await inSlices(readingResources(sources))
  expect(turns).toBeGreaterThan(5)
  expect(read).toEqual(readResources(sources))
})
