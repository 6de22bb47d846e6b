import { createServer } from 'node:net'
import type { HostPort } from '../../agent/bootstrap.ts'

/** Whether `host:port` can be bound now. */
export const portIsFree = ({ host, port }: HostPort): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
