import type { Diagnostic } from '../model/diagnostic.ts'

/** Says that what stands at `path` is left out of every proxy's configuration, because Envoy's own limits would
 *  refuse it. Admission refuses such things; the log of another version may hold one. */
export const beyondLimits = (path: string, reason: string): Diagnostic => ({
  code: 'RUT2015',
  severity: 'error',
  path,
  message: `Envoy would refuse this (${reason}), so it is left out; everything else holds.`,
})
