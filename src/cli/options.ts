import { InvalidArgumentError, Option } from 'commander'
import { durationMs } from '../model/duration.ts'

/** `-o`: the first of `choices` is the default. */
export const outputOption = (...choices: readonly string[]): Option =>
  new Option('-o, --output <form>', 'form of the answer').choices(choices).default(choices[0])

/** `-n`. */
export const namespaceOption = (): Option =>
  new Option('-n, --namespace <name>', 'namespace of the resources')

/** `-f`, more than once. */
export const fileOption = (): Option =>
  new Option(
    '-f, --file <path>',
    'a file, a directory (read recursively), or - for stdin; may be repeated',
  ).argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path])

/** Reads a duration such as `30s`; its milliseconds. */
export const parseDuration = (text: string): number => {
  const ms = durationMs(text)
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 30s or 500ms.')
  return ms
}

/** Reads a whole number from `least` on. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || !Number.isSafeInteger(number)) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
    }
    return number
  }

/** `--at`. */
export const atOption = (): Option =>
  new Option('--at <position|time>', 'as of a position, or the last entry at or before a time (RFC 3339)')

/** `--timeout`, in milliseconds. */
export const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'how long to wait at most')
    .argParser(parseDuration)
    .default(30_000, '30s')
