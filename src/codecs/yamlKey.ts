import { isScalar, type Node } from 'yaml'
import { clip } from './checkText.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import type { Path } from './sourceNode.ts'

// Words that YAML 1.1, and with it Envoy and older tools, reads as truth values or nothing.
const ambiguous = /^(?:y|n|yes|no|on|off|true|false|null|~|)$/i

/** The key of a map, which is a text that every reader of YAML takes for one; else `undefined`, which is reported. */
export const yamlKey = (key: Node | null, offset: number, path: Path, report: Report): string | undefined => {
  if (key === null || !isScalar(key) || typeof key.value !== 'string') {
    const shown = isScalar(key) ? ` "${clip(String(key.source ?? key.value))}"` : ''
    report(problemCodes.keyNotText, offset, `The key${shown} is no text; put it in quotes.`, path)
    return undefined
  }
  if (key.type === 'PLAIN' && key.value === '<<') {
    const message = 'Merge keys ("<<") are not read; write the keys out.'
    report(problemCodes.mergeKey, offset, message, path)
    return undefined
  }
  if (key.type === 'PLAIN' && ambiguous.test(key.value)) {
    const message = `The key "${key.value}" is a truth value to some readers of YAML; put it in quotes.`
    report(problemCodes.keyNotText, offset, message, path)
    return undefined
  }
  return key.value
}
