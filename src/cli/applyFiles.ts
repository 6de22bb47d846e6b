import { type Either, left } from 'fp-ts/lib/Either.js'
import { decodeUtf8 } from '../codecs/decodeUtf8.ts'
import { scanText } from '../codecs/scanText.ts'
import type { Written } from '../model/write.ts'
import { askServer, type Server, type Unanswered } from './server.ts'
import type { TextFile } from './textFiles.ts'

/** What the controller answers to `files` as one batch, each named, so that problems and blame tell file and line. */
export const sendFiles = async (
  server: Server,
  files: readonly TextFile[],
  dryRun: boolean,
): Promise<Either<Unanswered, Written>> => {
  const texts = files.map((file) => ({ file, ...decodeUtf8(file.input) }))
  // JSON can carry text only, so these never reach the controller.
  const unreadable = texts
    .filter(({ valid }) => !valid)
    .flatMap(({ file }) => scanText(file.input, file).problems)
  if (unreadable.length > 0) {
    const problem = {
      status: 400,
      code: 'malformed',
      detail: 'a file is not UTF-8',
      problems: unreadable,
    }
    return left({ _tag: 'Refused', ...problem, body: problem })
  }
  return (await askServer(server, {
    method: 'POST',
    path: `/api/v1/config${dryRun ? '?dryRun=true' : ''}`,
    headers: { 'content-type': 'application/vnd.rutter.files+json' },
    body: JSON.stringify(texts.map(({ file, text }) => ({ file: file.file, text }))),
  })) as Either<Unanswered, Written>
}
