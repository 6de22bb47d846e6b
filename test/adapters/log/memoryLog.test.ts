import { memoryLog } from '../../../src/adapters/log/memoryLog.ts'
import { eventLogContract } from '../../contract/eventLog.ts'

eventLogContract('memoryLog', async (limitBytes) => memoryLog({ limitBytes }))
