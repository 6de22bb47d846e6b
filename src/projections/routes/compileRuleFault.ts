import { durationMs } from '../../model/duration.ts'
import type { HttpFault } from '../../model/routeRule.ts'
import type { HttpRouteFault } from './httpRoute.ts'

/** The delay and abort that a rule of 2017 asks for, of every request where it gives no percentage; `undefined`
 *  when it asks for neither in a form that Envoy has. */
export const compileRuleFault = (fault: HttpFault | undefined): HttpRouteFault | undefined => {
  const delayMs = durationMs(fault?.delay?.fixedDelay ?? '')
  const status = fault?.abort?.httpStatus
  if (!delayMs && !status) return undefined
  return {
    ...(delayMs && { delay: { percent: fault?.delay?.percent ?? 100, delayMs } }),
    ...(status && { abort: { percent: fault?.abort?.percent ?? 100, status } }),
  }
}
