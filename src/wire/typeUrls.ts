import { messageNames } from './schema.ts'

/** The name of the message that `typeUrl` stands for: what follows its last slash; a bare name is its own. */
export const messageNameOf = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf('/') + 1)

/** The usual type URL of a message. */
export const typeUrlFor = (messageName: string): string => `type.googleapis.com/${messageName}`

/** Type URLs of every message that `encode` knows, sorted. */
export const knownTypeUrls = (): readonly string[] => messageNames().map(typeUrlFor)
