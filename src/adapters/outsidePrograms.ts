import { envoyProgram } from './outsidePrograms/envoyProgram.ts'
import { natsServerProgram } from './outsidePrograms/natsServerProgram.ts'
import type { OutsideProgram } from './outsidePrograms/outsideProgram.ts'

/** The programs of others that Rutter starts or talks to, in the order in which `rutter check` names them. */
export const outsidePrograms: readonly OutsideProgram[] = [envoyProgram, natsServerProgram]
