import { forEachType, type XdsType, xdsTypes } from '../../model/xds.ts'

/** Names of resources that changed, by type, being collected. */
export type Changes = Readonly<Record<XdsType, Set<string>>>

export const noChanges = (): Changes => forEachType(() => new Set<string>())

export const isEmpty = (changes: Changes): boolean => xdsTypes.every((type) => changes[type].size === 0)
