import { randomUUID } from 'node:crypto'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe } from 'vitest'
import { connectNats, type NatsLink } from '../../../src/adapters/nats/connectNats.ts'
import {
  type JetstreamLog,
  type JetstreamLogOptions,
  jetstreamLog,
} from '../../../src/adapters/nats/jetstreamLog.ts'
import { eventLogContract } from '../../contract/eventLog.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServers, startNats } from './natsHarness.ts'

const nats = await natsServerOrSkip()

describe.skipIf(nats.skip).each([1, 3])('on %i servers', (nodes) => {
  let servers: NatsServers
  let link: NatsLink
  beforeAll(async () => {
    servers = await startNats(nats.path, { nodes })
    const connected = await connectNats({ urls: servers.urls, clientName: 'contract' })
    if (isLeft(connected)) throw connected.left
    link = connected.right
  })
  afterAll(async () => {
    await link?.close()
    await servers?.stop()
  })
  const open = (options: Partial<JetstreamLogOptions>): Promise<JetstreamLog> =>
    jetstreamLog(link, { mesh: randomUUID(), onNotice: () => {}, ...options })

  eventLogContract('jetstreamLog', (limitBytes) => open({ limitBytes }))

  eventLogContract('jetstreamLog that keeps nothing in memory', (limitBytes) =>
    open({ limitBytes, recent: 0 }),
  )
})
