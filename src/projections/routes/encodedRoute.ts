import type { Either } from 'fp-ts/lib/Either.js'
import { type EncodedMessage, tryEncoded } from '../encoded.ts'
import type { HttpRoute } from './httpRoute.ts'
import { routeJson } from './routesJson.ts'

/** The route alone in Envoy's wire format; Left says which of Envoy's limits would refuse it, and where. */
export const encodedRoute = (route: HttpRoute): Either<string, EncodedMessage> =>
  tryEncoded('type.googleapis.com/envoy.config.route.v3.Route', routeJson(route))
