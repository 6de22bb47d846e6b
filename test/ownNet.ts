import { createServer } from 'node:net'

/** Where whoever has a net listens, so that nobody else takes it. */
const claimPort = 14_999

const claim = (net: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(claimPort, `${net}.255.254`, () => resolve(true)).unref()
  })

const firstFree = async (): Promise<string> => {
  // Whoever starts at another place seldom asks in vain.
  for (let i = 0; i < 200; i += 1) {
    const net = `127.${20 + ((process.pid + i) % 200)}`
    if (await claim(net)) return net
  }
  throw new Error('every net from 127.20 to 127.219 is taken')
}

/** The first half of the addresses that are this process's own, such as `127.57`, for test files that run side by side:
 *  no other process that asks here gets them before this one ends. */
export const ownNet = await firstFree()
