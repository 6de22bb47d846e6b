// A process that appends to the log in argv[2], in segments of 20,000 bytes, until it is killed or refused. Says
// `position hash` for what was acknowledged and `refused: …` for what was not; argv[3] is how many refusals it takes.
import { writeSync } from 'node:fs'
import { isLeft } from 'fp-ts/lib/Either.js'
import { fileLog } from '../../../src/adapters/log/fileLog.ts'
import { registered } from '../../contract/registered.ts'

const [, , directory = '', refusals = '1'] = process.argv
const log = await fileLog(directory, { segmentBytes: 20_000 })
let refused = 0
let { position } = await log.end()
while (refused < Number(refusals)) {
  // Entries of very different sizes, smaller ones after every refusal.
  const events = Array.from({ length: 1 + ((position * 7) % 13) }, (_, i) => registered(`s${position}-${i}`))
  const wanted = refused === 0 ? events : events.slice(0, 1)
  try {
    const answer = await log.append(wanted, position)
    if (isLeft(answer)) throw new Error(answer.left._tag)
    position = answer.right.position
    writeSync(1, `${position} ${answer.right.hash}\n`)
  } catch (error) {
    refused += 1
    writeSync(1, `refused: ${(error as Error).message}\n`)
  }
}
await log.close()
