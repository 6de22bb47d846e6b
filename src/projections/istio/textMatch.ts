import type { IstioStringMatch } from '../../model/istio/virtualService.ts'
import type { TextMatch } from '../routes/httpRoute.ts'

/** How a text must look; `undefined` where it must only be there (an empty match, or Istio's regex `*`). */
export const textMatch = ({ exact, prefix, regex }: IstioStringMatch): TextMatch | undefined => {
  if (exact !== undefined) return { kind: 'exact', value: exact }
  if (prefix !== undefined) return { kind: 'prefix', value: prefix }
  return regex === undefined || regex === '*' ? undefined : { kind: 'regex', value: regex }
}
