import { connect } from 'node:net'
import { Gauge, Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentServer } from '../../../src/adapters/http/agentServer.ts'

describe('health and figures of an agent', () => {
  let server: Awaited<ReturnType<typeof agentServer>>
  let now = { ready: false, standing: 'not ready: waits for a controller' }

  beforeEach(async () => {
    const metrics = new Registry()
    new Gauge({ name: 'rutter_agent_figure', help: 'A figure.', registers: [metrics] }).set(7)
    server = await agentServer({ host: '127.0.0.1', port: 0, metrics, ready: () => now })
  })
  afterEach(() => server.close())

  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`${server.url}${path}`, { method })
    return { status: answer.status, body: await answer.text() }
  }

  test('G21: the process lives, and Envoy takes traffic once it does', async () => {
    expect(await ask('/healthz')).toEqual({ status: 200, body: 'ok\n' })
    expect(await ask('/readyz')).toEqual({ status: 503, body: 'not ready: waits for a controller\n' })
    now = { ready: true, standing: 'ready: synced at 7' }
    expect(await ask('/readyz?verbose')).toEqual({ status: 200, body: 'ready: synced at 7\n' })
    expect((await ask('/metrics')).body).toContain('rutter_agent_figure 7')
  })

  test('G21: another path is 404, another method 405', async () => {
    expect((await ask('/')).status).toBe(404)
    expect((await ask('/__proto__')).status).toBe(404)
    expect((await ask('/healthz', 'POST')).status).toBe(405)
  })

  test.each(['//', 'http://[', '*', '/%', '/readyz\\..'])(
    'G21: a request for %s is answered',
    async (path) => {
      const { hostname, port } = new URL(server.url)
      const socket = connect(Number(port), hostname)
      socket.end(`GET ${path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\r\n`)
      const chunks: Buffer[] = []
      for await (const chunk of socket) chunks.push(chunk as Buffer)
      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 404 /)
      expect((await ask('/healthz')).status).toBe(200)
    },
  )
})
