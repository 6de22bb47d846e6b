import type { StringMatch } from '../../src/model/routeRule.ts'
import type { Draw } from './draw.ts'

/** A condition on a text, in the form that both dialects share, which some of `values` meet. `regexes` are further ones,
 *  made of a value whose special characters are dots. */
export const randomTextMatch = (
  draw: Draw,
  values: readonly string[],
  regexes: (plain: string) => readonly string[],
): StringMatch => {
  const value = draw.one(values.filter((one) => one !== ''))
  const kind = draw.one(['exact', 'prefix', 'regex'] as const)
  if (kind === 'exact') return { exact: value }
  if (kind === 'prefix') return { prefix: value.slice(0, draw.whole(1, value.length)) }
  const plain = value.replaceAll(/[^\w/-]/g, '.')
  const cut = plain.slice(0, draw.whole(1, plain.length))
  return { regex: draw.one([plain, `${cut}.*`, `.*${cut}`, `(?i)${plain}`, ...regexes(plain)]) }
}

/** What RE2 reads in its own way. */
export const peculiarRegexes: readonly string[] = [
  '(?U)/a+.*',
  '\\Q/a\\E.*',
  '[[:alpha:]/]+',
  '[[:^digit:]]*',
  '/\\pL+',
  '\\x{2f}\\w+',
  '(?m)^/a$',
  '\\A/.*\\z',
  '/a\\b.*',
  '(?P<x>/[ab])(/.*)?',
  '(?i)/[A-C](?-i)/b',
  '(?:/a|/ab)(|/.*)',
  '/a{1,3}/?.*',
  '(?s-i:.+)',
  '\\D\\S*',
  '[^\\n]*',
]
