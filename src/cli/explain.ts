import { InvalidArgumentError, Option } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Explanation, Outcome } from '../explain/explanation.ts'
import type { ResourceName } from '../model/resource.ts'
import { keyOf } from '../model/resourceName.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { atOption, outputOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { reportUnanswered } from './unanswered.ts'

type Headers = Readonly<Record<string, readonly string[]>>

type Options = {
  readonly proxy: string
  readonly request: string
  readonly header: Headers
  readonly unixSocket?: string
  readonly at?: string
  readonly output: string
  readonly server: Server
}

/** `rutter explain`: what becomes of one request at a proxy, and every step that leads there. */
export const addExplain: AddCommand = (program, cli) => {
  addServerOptions(program.command('explain'), cli.io)
    .description('says what becomes of a request at a proxy, and why')
    .argument('<url>', 'absolute, such as http://reviews:9080/')
    .requiredOption('--proxy <node>', 'node id of the proxy, connected or not')
    .option('-X, --request <method>', 'method of the request', 'GET')
    .addOption(
      new Option('-H, --header <line>', "a header, 'name: value'; may be repeated")
        .argParser(withHeader)
        .default({}, 'none'),
    )
    .option('--unix-socket <path>', "where it is sent, in place of the URL's host")
    .addOption(atOption())
    .addOption(outputOption('text', 'json'))
    .addHelpText('after', example)
    .action(cli.action((url: string, options: Options) => explain(url, options, cli)))
}

const example = `
Example:
  rutter explain --proxy sidecar~10.1.0.1~productpage.default~default.svc.cluster.local \\
    -H 'x-user: jason' http://reviews:9080/reviews/0`

/** Adds a line such as `x-user: jason`; a name without value (`x-user:`) is an empty header. */
const withHeader = (line: string, before: Headers): Headers => {
  const at = line.indexOf(':')
  if (at < 1) throw new InvalidArgumentError("It must be a header such as 'x-user: jason'.")
  const name = line.slice(0, at).trim().toLowerCase()
  return { ...before, [name]: [...(before[name] ?? []), line.slice(at + 1).trim()] }
}

type Item = Omit<Explanation, 'rule'> & {
  readonly position: number
  readonly rule:
    | (ResourceName & { readonly position: number; readonly file?: string; readonly line?: number })
    | null
}

const explain = async (url: string, options: Options, { io }: Cli): Promise<number> => {
  const { at, header: headers, output, proxy, request: method, server, unixSocket: socket } = options
  const request = { method, url, ...(socket === undefined ? {} : { socket }), headers }
  const question = { proxy, ...(at === undefined ? {} : { at }), requests: [request] }
  const answer = await askServer(server, {
    method: 'POST',
    path: '/api/v1/explain',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
  })
  if (isLeft(answer)) return reportUnanswered(io, answer.left, { output })
  if (output === 'json') io.out(`${JSON.stringify(answer.right)}\n`)
  else for (const item of (answer.right as { readonly items: readonly Item[] }).items) io.out(inWords(item))
  return exitCodes.ok
}

const inWords = ({ outcome, rule, steps }: Item): string => {
  const lines = steps.map(
    ({ at, name, matched, why }) =>
      `${matched ? '✓' : '✗'} ${words[at]}${name === '' ? '' : ` ${name}`}${why === undefined ? '' : `: ${why}`}`,
  )
  return [...lines, ...outcomeLines(outcome), ...ruleLines(rule), ''].join('\n')
}

const words = {
  listener: 'listener',
  filterChain: 'filter chain',
  filter: 'filter',
  routeConfiguration: 'route configuration',
  virtualHost: 'virtual host',
  route: 'route',
} as const

const outcomeLines = ({
  type,
  clusters = [],
  path,
  authority,
  status,
  location,
}: Outcome): readonly string[] => {
  switch (type) {
    case 'cluster':
      return [
        ...clusters.map(({ name, weight }) => `→ cluster ${name} (weight ${weight})`),
        ...(path === undefined ? [] : [`  as ${authority ?? "(the endpoint's name)"} ${path}`]),
      ]
    case 'redirect':
      return [`→ redirect ${status} to ${location}`]
    case 'direct':
      return [`→ answered by Envoy with ${status}`]
    case 'abort':
      return [`→ aborted with ${status}`]
    case 'none':
      return [`→ nowhere${status === undefined ? '' : `: ${status}`}`]
  }
}

const ruleLines = (rule: Item['rule']): readonly string[] => {
  if (rule === null) return []
  const place = rule.file === undefined ? '' : `, ${rule.file}:${rule.line}`
  return [`  by ${keyOf(rule)} (position ${rule.position}${place})`]
}
