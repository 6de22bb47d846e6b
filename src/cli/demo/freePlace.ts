import { createServer } from 'node:net'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type Place, workloadsAt } from './bookinfo.ts'

/** Where a demo may go: the first place is the one that documents name. */
const places: readonly Place[] = [9080, 19_080].flatMap((port) =>
  [1, 3, 5, 7, 9].map((block) => ({ block, port, httpProxyPort: 15_002 })),
)

/** The first place whose addresses and ports are all free. Left: the sentence that says what is in the way. */
export const freePlace = async (): Promise<Either<string, Place>> => {
  let busy = ''
  for (const place of places) {
    const problem = await firstProblem(place)
    if (problem === undefined) return right(place)
    if (problem.code === 'EADDRNOTAVAIL') return left(noAddress(place))
    busy = busy || `${problem.address}:${problem.port} cannot be bound (${problem.code})`
  }
  return left(`every place for the demo is taken: ${busy}, and so it goes on; end what listens there`)
}

type BindError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

const firstProblem = async (place: Place): Promise<BindError | undefined> => {
  for (const { address, appAddress } of workloadsAt(place)) {
    const wanted: readonly (readonly [host: string, port: number])[] = [
      [address, place.port],
      [address, place.httpProxyPort],
      [appAddress, place.port],
    ]
    for (const [host, port] of wanted) {
      const problem = await bindProblem(host, port)
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

const bindProblem = (host: string, port: number): Promise<BindError | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })

/** Linux has all of 127.0.0.0/8, macOS 127.0.0.1 alone. */
const noAddress = (place: Place): string => {
  const addresses = workloadsAt(place).flatMap(({ address, appAddress }) => [address, appAddress])
  return `this machine lacks the loopback addresses of the demo; on macOS add them with: for ip in ${addresses.join(' ')}; do sudo ifconfig lo0 alias $ip up; done`
}
