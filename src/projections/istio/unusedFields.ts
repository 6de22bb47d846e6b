import type { Diagnostic } from '../../model/diagnostic.ts'

/** A field without effect: its path below `spec`, `*` standing for every item, and why. */
export type Unused = readonly [path: string, why: string]

/** A diagnostic for each field of `spec` that `unused` names and that is there. */
export const unusedFields = (spec: object, unused: readonly Unused[]): readonly Diagnostic[] =>
  unused.flatMap(([path, why]) =>
    found(spec, path.split('/')).map((at) => ({
      code: 'RUT2011',
      severity: 'warning' as const,
      path: `/spec/${at.join('/')}`,
      message: `${path.split('/').at(-1)} has no effect. ${why}`,
    })),
  )

const found = (value: unknown, [step, ...rest]: readonly string[]): readonly string[][] => {
  if (step === undefined) return [[]]
  if (typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value).filter(([key]) => step === '*' || key === step)
  return entries.flatMap(([key, below]) => found(below, rest).map((path) => [key, ...path]))
}
