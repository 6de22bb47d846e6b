import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** Where the documentation is: a page, and `json` below it. */
export const docsPath = '/api/docs'

/** Describes every route that is added to `app` afterwards, as OpenAPI; with a place for a token where they are asked for. Await it before adding routes. */
export const describeRoutes = async (
  app: FastifyInstance,
  version: string,
  asksForTokens: boolean,
): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Rutter', version, description: 'An event-sourced control plane for Envoy proxies.' },
      servers: [{ url: '/' }],
      ...(asksForTokens ? byToken : {}),
    },
  })
}

const byToken = {
  components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
  security: [{ token: [] }],
}

/** Serves the description at `docsPath`: as a page where its files are found, and as JSON below it in any case. */
export const serveDocs = async (app: FastifyInstance): Promise<void> => {
  const baseDir = pageFiles()
  if (baseDir === undefined) {
    app.get(`${docsPath}/json`, { schema: { hide: true } }, async () => app.swagger())
    return
  }
  await app.register(swaggerUi, { routePrefix: docsPath, baseDir, logo, staticCSP })
}

// Without one of its own, the page reads its package's, which a bundle has not.
const logo = {
  type: 'image/svg+xml',
  content:
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text x="0" y="28" font-size="28" ' +
    'font-family="sans-serif" fill="white">Rutter</text></svg>',
}

// The page's own style sheets are set by script; everything else comes from this server.
const staticCSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** Beside the bundle, else in the package that a checkout has installed. */
const pageFiles = (): string | undefined => {
  const beside = fileURLToPath(new URL('./swagger-ui/', import.meta.url))
  return [beside, packaged()].find(
    (path) => path !== undefined && existsSync(join(path, 'swagger-ui-bundle.js')),
  )
}

const packaged = (): string | undefined => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static')
  } catch {
    return undefined
  }
}
