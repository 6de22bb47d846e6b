import { createServer } from 'node:net'
import { ownNet } from './ownNet.ts'

/** Below those that the kernel gives to whoever connects (32768 and up, ip(7)), a block for each net that a process may
 *  have as its own: no other process of the tests, and no connection, takes one that was found free here. */
const firstPort = 20_000
const portsPerProcess = 60
const ports = firstPort + (Number(ownNet.split('.')[1]) - 20) * portsPerProcess
let given = 0

/** A port on which nobody listens on any address of this machine; another one each time, as long as they last. */
export const freePort = async (): Promise<number> => {
  for (let tried = 0; tried < portsPerProcess; tried += 1) {
    const port = ports + (given++ % portsPerProcess)
    if (await isFree(port)) return port
  }
  throw new Error(`the ports ${ports} to ${ports + portsPerProcess - 1} are taken`)
}

/** As many such ports. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const found: number[] = []
  while (found.length < count) found.push(await freePort())
  return found
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
