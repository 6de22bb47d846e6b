import { kinds } from '../codecs/kinds.ts'
import { suggestion } from '../codecs/nearest.ts'

/** What to say of a kind that is none, with the nearest one or all there are. */
export const unknownKind = (text: string): string => {
  const known = kinds.map(({ plural }) => plural)
  return `error: ${JSON.stringify(text)} is not a kind of resource.${suggestion(text, known)}`
}
