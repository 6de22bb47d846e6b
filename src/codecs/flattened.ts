import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import { entryOf, type SourceNode } from './sourceNode.ts'

/** What a list of documents holds, lists in lists too: a JSON array, a YAML sequence, or a map whose kind is `List`
 *  (or ends so, as `RouteRuleList`) with `items`. Anything else is one document by itself. */
export const flattened = (root: SourceNode, report: Report): readonly SourceNode[] => {
  if (root.items !== undefined) return root.items.flatMap((item) => flattened(item, report))
  const kind = entryOf(root, 'kind')?.node.value
  const items = entryOf(root, 'items')?.node
  if (typeof kind !== 'string' || !kind.endsWith('List') || items?.items === undefined) return [root]
  for (const { key, keyStart } of root.entries ?? []) {
    if (listKeys.has(key)) continue
    const message = `A ${kind} has no key "${key}"; it has apiVersion, kind, metadata and items.`
    report(problemCodes.unknownKey, keyStart, message, [key])
  }
  return items.items.flatMap((item) => flattened(item, report))
}

const listKeys: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'items'])
