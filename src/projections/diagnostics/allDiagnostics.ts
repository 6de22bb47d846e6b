import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Mesh } from '../../model/mesh.ts'
import type { ResourceName } from '../../model/resource.ts'
import { nameOf } from '../../model/resourceName.ts'
import { allStoredIn } from '../../model/storedIn.ts'
import type { Registry } from '../registry/registry.ts'
import { diagnosticsOf } from './diagnostics.ts'

/** Every resource of `mesh` with something the matter, sorted by kind, namespace and name. `registry` stands at that
 *  mesh. Costs the whole mesh: it is for who asks, not for every event. */
export const allDiagnostics = (
  mesh: Mesh,
  registry: Registry,
): readonly { readonly name: ResourceName; readonly diagnostics: readonly Diagnostic[] }[] =>
  allStoredIn(mesh).flatMap(({ resource }) => {
    const diagnostics = diagnosticsOf(resource, registry)
    return diagnostics.length === 0 ? [] : [{ name: nameOf(resource), diagnostics }]
  })
