import { isLeft } from 'fp-ts/lib/Either.js'
import type { OutsideProgram } from '../../src/adapters/outsidePrograms/outsideProgram.ts'

/** Path of an outside program. Rejects where it is not to be found. */
export const programAt = async (program: OutsideProgram): Promise<string> => {
  const found = await program.find(process.env)
  if (isLeft(found)) throw new Error(`${found.left.problem}; ${found.left.advice}`)
  return found.right.path
}
