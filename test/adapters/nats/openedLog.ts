import { randomUUID } from 'node:crypto'
import { isLeft } from 'fp-ts/lib/Either.js'
import { onTestFinished } from 'vitest'
import { type ConnectOptions, connectNats, type NatsLink } from '../../../src/adapters/nats/connectNats.ts'
import {
  type JetstreamLog,
  type JetstreamLogOptions,
  jetstreamLog,
} from '../../../src/adapters/nats/jetstreamLog.ts'

/** A link that is closed after the test. */
export const linked = async (urls: readonly string[], options: ConnectOptions = {}): Promise<NatsLink> => {
  const link = await connectNats({ urls, clientName: 'test' }, options)
  if (isLeft(link)) throw link.left
  onTestFinished(() => link.right.close())
  return link.right
}

/** A log on a link of its own, of a new mesh unless one is given; both are closed after the test. */
export const openedLog = async (
  urls: readonly string[],
  options: Partial<JetstreamLogOptions> = {},
): Promise<JetstreamLog & { readonly link: NatsLink; readonly mesh: string }> => {
  const link = await linked(urls)
  const mesh = options.mesh ?? randomUUID()
  const log = await jetstreamLog(link, { onNotice: () => {}, ...options, mesh })
  onTestFinished(() => log.close())
  return { ...log, link, mesh }
}
