import { stringify } from 'yaml'
import type { Resource } from '../model/resource.ts'

/** `resource` as a YAML document that reads back as the same resource, here and by readers of YAML 1.1: whatever those
 *  would take for a truth value or a number is put in quotes. Ends with a line feed. */
export const resourceToYaml = ({ apiVersion, kind, metadata, spec }: Resource): string =>
  stringify(
    { apiVersion, kind, metadata, spec },
    { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false },
  )
