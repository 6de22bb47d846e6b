import type { Resource, ResourceName } from '../model/resource.ts'
import { nameOf } from '../model/resourceName.ts'

/** A part of a document that the other dialect has no words for. */
export type Loss = {
  readonly resource: ResourceName
  /** JSON pointer into the document. */
  readonly path: string
  readonly message: string
}

/** Takes the losses of one document. */
export type Lose = (path: string, message: string) => void

/** Documents of the other dialect, and what they do not say any more. */
export type Converted = { readonly resources: readonly Resource[]; readonly losses: readonly Loss[] }

/** Collects what is lost of `resource` in `losses`. */
export const losing =
  (resource: Resource, losses: Loss[]): Lose =>
  (path, message) =>
    void losses.push({ resource: nameOf(resource), path, message })

/** A loss for each key of `value` that `known` does not name. */
export const loseOthers = (
  value: object | undefined,
  known: readonly string[],
  path: string,
  lose: Lose,
  message = 'the other dialect has no such field',
): void => {
  for (const key of Object.keys(value ?? {})) if (!known.includes(key)) lose(`${path}/${key}`, message)
}
