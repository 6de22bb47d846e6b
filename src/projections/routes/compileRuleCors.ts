import { durationMs } from '../../model/duration.ts'
import type { CorsPolicy } from '../../model/routeRule.ts'
import type { HttpCors } from './httpRoute.ts'

/** The CORS policy of a rule of 2017. Origins are whole; `*` stands for any. */
export const compileRuleCors = (cors: CorsPolicy): HttpCors => {
  const maxAgeMs = durationMs(cors.maxAge ?? '')
  return {
    allowOrigins: (cors.allowOrigin ?? []).map((value) => ({ kind: 'exact', value })),
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    ...(cors.allowCredentials !== undefined && { allowCredentials: cors.allowCredentials }),
  }
}
