import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { Resource } from '../../src/model/resource.ts'

/** The resources of a file of `examples`, in the namespace `default`. */
export const exampleResources = (path: string): readonly Resource[] =>
  parseAllDocuments(readFileSync(`examples/${path}`, 'utf8')).map((document) => {
    const read = document.toJS() as Resource
    return { ...read, metadata: { ...read.metadata, namespace: 'default' } } as Resource
  })
