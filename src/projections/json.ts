/** A JSON object: a piece of Envoy configuration in canonical form with snake_case names. */
export type JsonObject = Readonly<Record<string, unknown>>
