import { isLeft } from 'fp-ts/lib/Either.js'
import { readResources } from '../../src/codecs/readResources.ts'

/** The problems of a text as `line:column code pointer`, in order; none when it is accepted. */
export const problemsOf = (
  input: string | Uint8Array,
  format: 'yaml' | 'json' = 'yaml',
): readonly string[] => {
  const read = readResources([{ input, format }])
  if (!isLeft(read)) return []
  return read.left.problems.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`.trim())
}

/** A resource of 2017 with this spec, as JSON. */
export const rule = (kind: string, spec: unknown): string =>
  JSON.stringify({ apiVersion: 'config.istio.io/v1alpha2', kind, metadata: { name: 'x' }, spec })

/** A resource of Rutter's own kinds with this spec, as JSON. */
export const own = (kind: string, spec: unknown): string =>
  JSON.stringify({ apiVersion: 'rutter.dev/v1', kind, metadata: { name: 'x' }, spec })

/** Codes and pointers of the problems of a JSON resource. */
export const refusals = (resource: string): readonly string[] =>
  problemsOf(resource, 'json').map((problem) => problem.slice(problem.indexOf(' ') + 1))
