import { nearest } from '../codecs/nearest.ts'
import { diagnosticPages } from './diagnosticPages.ts'
import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'

/** Prints the page of a code, in whatever case it is asked for. 64 where there is none. */
export const explainCode = (asked: string, io: Io): number => {
  const pages = diagnosticPages()
  const code = [...pages.keys()].find((one) => one.toLowerCase() === asked.toLowerCase())
  const page = code === undefined ? undefined : pages.get(code)
  if (page === undefined) {
    const meant = nearest(asked, [...pages.keys()])
    io.err(
      `error: there is no code ${JSON.stringify(asked)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    )
    return exitCodes.usage
  }
  io.out(page.text)
  return exitCodes.ok
}
