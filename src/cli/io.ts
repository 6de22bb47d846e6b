/** What a command may touch of the terminal and the environment. */
export type Io = {
  /** Writes data to stdout as it is. */
  out(text: string): void
  /** Writes a message to stderr, and ends its line. */
  err(line: string): void
  /** Writes to stderr as it is: for what redraws itself. */
  errRaw(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  /** All of stdin, as bytes: what is not UTF-8 is refused where it is read as a document. */
  stdin(): Promise<Uint8Array>
  /** Whether stdout and stderr are terminals, and how wide stdout is. */
  readonly outIsTerminal: boolean
  readonly errIsTerminal: boolean
  readonly columns: number
  /** False where NO_COLOR, TERM=dumb or a pipe asks for plain text. */
  readonly outColours: boolean
  readonly errColours: boolean
}
