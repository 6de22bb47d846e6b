import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A certificate and its key. */
export type Pem = { readonly cert: string; readonly key: string }

/** An application on every address of the machine that tells in headers what it saw of a request, in plain text or over
 *  TLS: where it was reached (`x-address`), the path, the authority, and what a rule appended as `x-appended`. */
export const startTellingApplication = (pem: Pem) => {
  const saw = (request: IncomingMessage): Readonly<Record<string, string>> => ({
    'x-address': request.socket.localAddress ?? '',
    'x-path': request.url ?? '',
    'x-authority': request.headers.host ?? '',
    'x-appended': String(request.headers['x-appended'] ?? ''),
  })
  const answer = (request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(200, saw(request)).end()
  const upgraded = (request: IncomingMessage, socket: Socket): void => {
    socket.on('error', () => {})
    const lines = Object.entries(saw(request)).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 200 OK\r\n${lines.join('')}content-length: 0\r\nconnection: close\r\n\r\n`)
  }
  const limits = { maxHeaderSize: 2 ** 20, insecureHTTPParser: true }
  const servers = [createHttp(limits, answer), createHttps({ ...pem, ...limits }, answer)]
  // What is no request was passed on all the same.
  const refused = (_: Error, socket: Duplex): void => {
    const { localAddress } = socket as Socket
    socket.on('error', () => {}).end(`HTTP/1.1 400 Bad Request\r\nx-address: ${localAddress}\r\n\r\n`)
  }
  for (const server of servers) server.on('upgrade', upgraded).on('clientError', refused)
  const sockets = new Set<Socket>()
  const door = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      const isTls = chunk[0] === 0x16
      servers[isTls ? 1 : 0]?.emit('connection', socket)
      // TLS takes what is there by itself.
      if (!isTls) socket.resume()
    })
  })
  return {
    port: new Promise<number>((done) =>
      door.listen(0, '0.0.0.0', () => done((door.address() as AddressInfo).port)),
    ),
    stop: (): void => {
      for (const socket of sockets) socket.destroy()
      door.close()
    },
  }
}
