import type { Diagnostic } from '../../model/diagnostic.ts'
import { capturePorts } from '../listeners/virtualListeners.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'

/** Ports of `service` for which captured callers have no listener, as connections are captured there; `path` of each
 *  port's number. */
export const capturePortDiagnostics = (
  { ports, addresses }: Pick<CompiledService, 'ports' | 'addresses'>,
  path: (index: number) => string,
  registry: Pick<Registry, 'settings'>,
): readonly Diagnostic[] =>
  ports.flatMap(({ port, http }, i) =>
    capturePorts(registry.settings()).includes(port) && (http || addresses.length === 0)
      ? [
          {
            code: 'RUT2035',
            severity: 'warning' as const,
            path: path(i),
            message: `Connections are captured at port ${port}: captured callers reach no service there. Give the service another port, or MeshSettings another proxyListenPort or proxyInboundPort.`,
          },
        ]
      : [],
  )
