import { type HttpRoute, takesEveryRequest } from './httpRoute.ts'

/** `routes` up to the first that takes every request, which is the last that is ever tried. */
export const upToCatchAll = (routes: readonly HttpRoute[]): readonly HttpRoute[] => {
  const last = routes.findIndex(({ match }) => takesEveryRequest(match))
  return last === -1 ? routes : routes.slice(0, last + 1)
}
