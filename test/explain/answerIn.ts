/** What came back of a request, read from headers that tell what was observed. */
export type Answered = {
  readonly status: number
  readonly location?: string
  readonly route?: string
  /** Where a cluster's endpoint was reached, and what it saw. */
  readonly cluster?: string
  readonly path?: string
  readonly authority?: string
  /** What it saw of a header `x-appended`. */
  readonly appended?: string
}

/** The answer at the head of `said`; `undefined` where there is none. */
export const answerIn = (said: string): (Answered & { readonly address?: string }) | undefined => {
  const [first = '', ...lines] = said.split('\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d+)/.exec(first) ?? []
  if (status === undefined || !said.includes('\r\n\r\n')) return undefined
  const found: Record<string, string> = {}
  for (const line of lines.slice(0, lines.indexOf(''))) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    const key = told[name.toLowerCase()]
    if (key !== undefined && !(key === 'route' && value === '-')) found[key] ??= value
  }
  return { status: Number(status), ...found }
}

const told: Readonly<Record<string, string>> = {
  location: 'location',
  'x-route': 'route',
  'x-address': 'address',
  'x-path': 'path',
  'x-authority': 'authority',
  'x-appended': 'appended',
}
