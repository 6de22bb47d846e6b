import type { JsonObject } from './json.ts'

/** `value` as `field`; nothing where there is none. */
export const given = (field: string, value: number | undefined): JsonObject =>
  value === undefined ? {} : { [field]: value }
