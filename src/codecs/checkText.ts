import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import type { Path } from './sourceNode.ts'

/** Reports what no text and no key may hold: NUL and half a surrogate pair. */
export const checkText = (text: string, offset: number, path: Path, report: Report): void => {
  if (text.includes('\0')) {
    report(problemCodes.controlCharacter, offset, 'The text holds a NUL character, which nothing may.', path)
  }
  if (/\p{Surrogate}/u.test(text)) {
    const message = 'The text holds half of a surrogate pair, which is no Unicode character.'
    report(problemCodes.loneSurrogate, offset, message, path)
  }
}

/** Reports a key that no map may hold, or that `map` holds already. */
export const checkKey = (
  key: string,
  map: Readonly<Record<string, unknown>>,
  offset: number,
  path: Path,
  report: Report,
): void => {
  checkText(key, offset, path, report)
  if (key === '__proto__') {
    report(problemCodes.forbiddenKey, offset, 'The key "__proto__" is refused everywhere.', path)
  } else if (Object.hasOwn(map, key)) {
    report(
      problemCodes.duplicateKey,
      offset,
      `The key "${clip(key)}" stands twice in one map; leave one.`,
      path,
    )
  }
}

/** At most 80 units of `text`, for messages. */
export const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
