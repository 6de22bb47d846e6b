/** A request that somebody asks about, as its client would write it. */
export type AskedRequest = {
  readonly method: string
  /** Absolute: `http://reviews:9080/path?query`. */
  readonly url: string
  /** Several values of one name are several lines. `host` counts before the URL's. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}
