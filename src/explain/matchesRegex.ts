import { RE2JS } from 're2js'

/** True when the RE2 regex takes all of `value`, as Envoy's matchers want it. */
export const matchesRegex = (regex: string, value: string): boolean => RE2JS.compile(regex).matches(value)

/** `value` with every match of the RE2 regex replaced; `\1` in `substitution` is the first group, `\0` the match. */
export const replaceRegex = (regex: string, substitution: string, value: string): string =>
  RE2JS.compile(regex)
    .matcher(value)
    .replaceAll((...groups: readonly unknown[]) =>
      substitution.replace(/\\(\d|\\)/g, (_, sign: string) =>
        sign === '\\' ? sign : String(groups[Number(sign)] ?? ''),
      ),
    )
