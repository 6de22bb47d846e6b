import type { JsonObject } from '../json.ts'
import type { TextMatch } from './httpRoute.ts'

/** Envoy's StringMatcher. Envoy refuses an empty prefix and an empty regex; here they mean what they say. */
export const textMatchJson = ({ kind, value }: TextMatch): JsonObject => {
  if (kind === 'exact') return { exact: value }
  if (kind === 'prefix') return value === '' ? { safe_regex: { regex: '(?s).*' } } : { prefix: value }
  return value === '' ? { exact: '' } : { safe_regex: { regex: value } }
}
