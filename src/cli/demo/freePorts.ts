import { type AddressInfo, createServer } from 'node:net'

/** Ports of loopback that were free a moment ago, all of them at once, so that none comes twice. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    ports.push((server.address() as AddressInfo).port)
  }
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}
