import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { hostname, isDnsLabel } from '../shapes/names.ts'
import { duration, portOrOff } from '../shapes/network.ts'
import { optional, struct } from '../shapes/struct.ts'
import { text } from '../shapes/text.ts'

const isAbsolute = (path: string): boolean =>
  path.startsWith('/') && path.length <= 4096 && !/\p{Cc}/u.test(path)

// Pilot's bound (model/validation.go, ValidateConnectTimeout).
const connectTimeoutMostMs = 30_000

/** The spec of MeshSettings; ports that are not off differ from one another. */
export const meshSettingsSpec: Codec<MeshSettingsSpec> = checked(
  struct<MeshSettingsSpec>('spec', {
    domain: optional(hostname),
    connectTimeout: optional(duration('connectTimeout', 1, connectTimeoutMostMs)),
    undeclaredOutbound: optional(choice('undeclaredOutbound', ['passthrough', 'refuse'])),
    accessLog: optional(
      text(
        'accessLog',
        problemCodes.badText,
        'an absolute path, or empty for no log',
        (value) => value === '' || isAbsolute(value),
      ),
    ),
    proxyListenPort: optional(portOrOff),
    proxyInboundPort: optional(portOrOff),
    proxyHttpPort: optional(portOrOff),
    authPolicy: optional(choice('authPolicy', ['NONE', 'MUTUAL_TLS'])),
    certificatesPath: optional(
      text('certificatesPath', problemCodes.badText, 'an absolute path', isAbsolute),
    ),
    trustedCaPath: optional(text('trustedCaPath', problemCodes.badText, 'an absolute path', isAbsolute)),
    rootNamespace: optional(
      text('rootNamespace', problemCodes.badName, 'a namespace (letters, digits and -)', isDnsLabel),
    ),
  }),
  (spec) => samePorts(spec),
)

const portKeys = ['proxyListenPort', 'proxyInboundPort', 'proxyHttpPort'] as const

const samePorts = (spec: MeshSettingsSpec): readonly Finding[] =>
  portKeys.flatMap((key, i) => {
    const twin = portKeys.slice(0, i).find((other) => spec[key] !== 0 && spec[other] === spec[key])
    if (spec[key] === undefined || twin === undefined) return []
    const message = `${key} and ${twin} are both ${spec[key]}; they must differ, or be 0.`
    return [{ code: problemCodes.duplicate, message, path: [key] }]
  })
