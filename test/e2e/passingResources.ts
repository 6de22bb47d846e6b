import type { Mesh } from './mesh.ts'

type Named = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** What one test puts into a mesh that others use after it. */
export type PassingResources = {
  /** Resolves once proxies have taken all of them. */
  put(...resources: readonly Named[]): Promise<void>
  /** Resolves once proxies have taken that it is gone. */
  remove(kind: string, name: string): Promise<void>
  /** Removes what is there still, the newest first. */
  clear(): Promise<void>
}

/** Nothing yet; `mesh` is asked for when it is needed, since files start theirs before their tests. */
export const passingResources = (mesh: () => Mesh): PassingResources => {
  const put = new Map<string, Named>()
  const keyOf = (kind: string, name: string, namespace = 'default'): string => `${kind}/${namespace}/${name}`
  return {
    put: async (...resources) => {
      for (const resource of resources) {
        const { kind, metadata } = resource
        put.set(keyOf(kind, metadata.name, metadata.namespace), resource)
        await mesh().put(resource)
      }
      await mesh().settled()
    },
    remove: async (kind, name) => {
      put.delete(keyOf(kind, name))
      await mesh().settled(await mesh().remove(kind, name))
    },
    clear: async () => {
      const all = [...put.values()].reverse()
      put.clear()
      for (const { kind, metadata } of all) await mesh().remove(kind, metadata.name, metadata.namespace)
      await mesh().settled()
    },
  }
}
