import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Diagnostic, Problem } from '../../model/diagnostic.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { Rejection } from '../../model/write.ts'
import type { Controller } from '../../ports.ts'
import { type Files, problemOf, readFiles, refusedFile } from './files.ts'
import { type Applied, planChanges } from './planChanges.ts'
import { scanDirectory, type Unscannable } from './scanDirectory.ts'
import { wishesOf } from './wanted.ts'

/** What one look at a directory leaves for the next. */
export type Known = {
  /** Every file as it was last read, so that it need not be read again. */
  readonly files: Files
  /** Every file as it was last applied, to fall back to. */
  readonly good: Files
  readonly applied: Applied
  /** True once nothing else of this source can be in the mesh: what earlier processes left was reckoned with. */
  readonly ownsOnlyApplied: boolean
}

/** Before the first look. */
export const nothingKnown: Known = {
  files: new Map(),
  good: new Map(),
  applied: new Map(),
  ownsOnlyApplied: false,
}

export type PassOptions = {
  readonly directory: string
  readonly source: string
  readonly allowEmpty: boolean
  /** Asked again whenever the log has moved on meanwhile. */
  readonly mayWrite: () => boolean
}

/** The end of a pass: what is known now, what to report, and whether to try again although no file changes. */
export type Passed = {
  readonly known: Known
  readonly diagnostics: readonly Diagnostic[]
  readonly isUnavailable: boolean
}

/** Looks at the directory once and makes the mesh follow, in one write, all or nothing. Whatever is wrong freezes as
 *  little as it can: a bad file at its last good version, a directory that cannot be read or is empty as a whole. */
export const pass = async (controller: Controller, options: PassOptions, known: Known): Promise<Passed> => {
  const { directory, source, allowEmpty, mayWrite } = options
  const scanned = await scanDirectory(directory)
  const isMissing = isLeft(scanned) && scanned.left._tag === 'Missing'
  if (isLeft(scanned) && !(isMissing && allowEmpty)) return frozen(known, unscannable(scanned.left))
  const read = await readFiles(isLeft(scanned) ? [] : scanned.right, known.files, known.good)
  let files = read
  for (let attempt = 0; ; attempt += 1) {
    const wishes = wishesOf(files)
    const plan = planChanges(controller.snapshot().mesh, wishes, known, source)
    if (plan.emptiesAll && !allowEmpty)
      return frozen({ ...known, files: read }, suddenlyEmpty(directory), wishes.problems)
    const written =
      plan.changes.length === 0
        ? right(undefined)
        : await controller.write({
            changes: plan.changes,
            actor: 'anonymous',
            source,
            precondition: mayWrite,
          })
    if (!isLeft(written)) {
      const diagnostics = [...wishes.problems.map(shown), ...heldBack(plan.heldBack)]
      return {
        known: { files: read, good: files, applied: wishes.wanted, ownsOnlyApplied: plan.heldBack === 0 },
        diagnostics,
        isUnavailable: false,
      }
    }
    const withoutCulprit =
      attempt <= files.size ? dropCulprit(files, known.good, written.left) : left(undefined)
    if (isLeft(withoutCulprit)) {
      const isUnavailable = written.left._tag === 'Unavailable' || written.left._tag === 'NotFound'
      const said = { known: { ...known, files: read }, isUnavailable }
      return { ...said, diagnostics: [notWritten(written.left), ...wishes.problems.map(shown)] }
    }
    files = withoutCulprit.right
  }
}

/** The files with the one that was refused back at its last good version; Left when the refusal names none. */
const dropCulprit = (files: Files, good: Files, rejection: Rejection): Either<undefined, Files> => {
  const problem = problemIn(files, rejection)
  const file = problem?.file === undefined ? undefined : files.get(problem.file)
  if (problem === undefined || file === undefined) return left(undefined)
  const before = good.get(file.path)
  if (file.version === (before?.version ?? '')) return left(undefined)
  return right(new Map(files).set(file.path, refusedFile(file, before, problem)))
}

const problemIn = (files: Files, rejection: Rejection): Problem | undefined => {
  if (rejection._tag === 'Invalid') return rejection.problems.find(({ file }) => file !== undefined)
  if (rejection._tag !== 'Clash') return undefined
  const key = keyOf(rejection.name)
  for (const { path, resources = [] } of files.values())
    for (const { resource, origin } of resources)
      if (keyOf(nameOf(resource)) === key) return problemOf(path, 'conflict', rejection.message, origin?.line)
  return undefined
}

const frozen = (known: Known, why: Diagnostic, problems: readonly Problem[] = []): Passed => ({
  known,
  diagnostics: [why, ...problems.map(shown)],
  isUnavailable: false,
})

const error = (code: string, message: string): Diagnostic => ({ code, message, severity: 'error' })

const unscannable = ({ _tag, message }: Unscannable): Diagnostic =>
  error(
    _tag === 'Missing' ? 'directory-missing' : 'directory-unreadable',
    `${message}; what it last held stays in force`,
  )

const suddenlyEmpty = (directory: string): Diagnostic =>
  error(
    'directory-empty',
    `${directory} holds no resource any more; what it last held stays in force (--allow-empty lets it go)`,
  )

const heldBack = (count: number): readonly Diagnostic[] =>
  count === 0
    ? []
    : [
        error(
          'removal-held-back',
          `${count} resources that no file holds stay in force while a file cannot be read that may hold them`,
        ),
      ]

const notWritten = (rejection: Rejection): Diagnostic => {
  switch (rejection._tag) {
    case 'PreconditionFailed':
      return error('not-applied', 'another controller is the one to write what stands in this directory')
    case 'NotFound':
      return error('not-applied', `${keyOf(rejection.name)} changed meanwhile; it is tried again`)
    case 'Invalid':
      return error('not-applied', rejection.problems[0]?.message ?? 'the change was refused')
    default:
      return error('not-applied', rejection.message)
  }
}

/** A diagnostic has no file of its own: the place goes before the message. */
const shown = ({ code, message, file, line, column, path }: Problem): Diagnostic => ({
  code,
  message: `${file}:${line}:${column} ${message}`,
  severity: 'error',
  path,
  line,
  column,
})
