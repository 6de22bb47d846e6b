/** A request that somebody asks about, as its client would write it. */
export type AskedRequest = {
  readonly method: string
  /** Absolute: `http://reviews:9080/path?query`. */
  readonly url: string
  /** Where it is sent in place of the URL's host: a socket of the file system, `/run/egress.sock` or `@name`. */
  readonly socket?: string
  /** Several values of one name are several lines. `host` counts before the URL's. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}
