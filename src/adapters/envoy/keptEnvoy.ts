import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

/** An Envoy that outlives the process that started it. */
export type KeptEnvoy = {
  readonly epoch: number
  readonly args: readonly string[]
  /** Resolves when it has ended: `exit code 1`, `signal SIGKILL`, `unknown` where nobody saw it, or why it could not be
   *  started. Never after `release`. */
  readonly exited: Promise<string>
  /** Resolves once `findKeptEnvoys` finds it, or it has ended. */
  readonly findable: Promise<void>
  /** Sends it a signal, as soon as its process id is known. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
  /** Stops watching. Envoy goes on. */
  release(): void
}

// Envoy 1.40 gets SIGTERM when its direct parent dies (prctl), so a shell of its own session stands between: it
// writes down the process id, waits, writes down how Envoy ended. stdout goes to a file: an access log that opens
// /dev/stdout would hang on a pipe that nobody reads.
const keeper = `record=$1 log=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 &
echo $! >"$record"
wait $!
echo $? >>"$record"`

/** Starts `envoy` with `args`, which begin with `-c` and a file in `directory`, and name the restart epoch; what it writes is
 *  appended to `log`. Needs /bin/sh and /proc. */
export const startKeptEnvoy = (
  directory: string,
  log: string,
  envoy: string,
  args: readonly string[],
): KeptEnvoy => {
  const epoch = epochIn(args)
  const record = recordOf(directory, epoch)
  rmSync(record, { force: true })
  const shell = spawn('/bin/sh', ['-c', keeper, 'rutter-keeper', record, log, envoy, ...args], {
    cwd: directory,
    detached: true,
    stdio: 'ignore',
  })
  let notStarted: string | undefined
  shell.once('error', (error) => {
    notStarted = error.message
  })
  shell.once('exit', (code) => {
    notStarted = `exit code ${code}`
  })
  shell.unref()
  return watch(record, args, () => notStarted)
}

/** The Envoys that run with a `-c` file in `directory`, by epoch, whoever started them. */
export const findKeptEnvoys = (directory: string): readonly KeptEnvoy[] =>
  readdirSync(directory)
    .filter((name) => recordName.test(name))
    .flatMap((name) => {
      const record = join(directory, name)
      const { pid } = readRecord(record)
      const line = pid === undefined ? [] : commandLine(pid)
      // Between fork and exec the shell's own `-c` comes before Envoy's.
      const args = line.slice(line.lastIndexOf('-c'))
      const ours = argument(args, '-c')?.startsWith(`${directory}/`) && name === `epoch-${epochIn(args)}`
      return ours ? [watch(record, args, () => undefined)] : []
    })
    .sort((a, b) => a.epoch - b.epoch)

/** The value of an Envoy's command line option. */
export const argument = (args: readonly string[], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined

const recordName = /^epoch-\d+$/
const recordOf = (directory: string, epoch: number): string => join(directory, `epoch-${epoch}`)
const epochIn = (args: readonly string[]): number => Number(argument(args, '--restart-epoch'))

const lookEveryMs = 50
/** What the shell writes when Envoy has ended comes a moment after. */
const looksForTheEnd = 10

const watch = (record: string, args: readonly string[], notStarted: () => string | undefined): KeptEnvoy => {
  const epoch = epochIn(args)
  const wanted: ('SIGTERM' | 'SIGKILL')[] = []
  let looksLeft = looksForTheEnd
  let resolveExited: (how: string) => void = () => {}
  const exited = new Promise<string>((resolve) => {
    resolveExited = resolve
  })
  let resolveFindable: () => void = () => {}
  const findable = new Promise<void>((resolve) => {
    resolveFindable = resolve
  })
  const ended = (how: string): void => {
    clearInterval(timer)
    resolveFindable()
    rmSync(record, { force: true })
    resolveExited(how)
  }
  const look = (): void => {
    const { pid, status } = readRecord(record)
    if (pid === undefined) {
      const reason = notStarted()
      if (reason !== undefined) ended(reason)
      return
    }
    resolveFindable()
    if (isRunning(pid, args)) {
      for (const signal of wanted.splice(0)) kill(pid, signal)
      return
    }
    looksLeft -= 1
    if (status !== undefined) ended(howOf(status))
    else if (looksLeft === 0) ended('unknown')
  }
  const timer = setInterval(look, lookEveryMs)
  return {
    epoch,
    args,
    exited,
    findable,
    signal: (signal) => {
      wanted.push(signal)
      look()
    },
    release: () => clearInterval(timer),
  }
}

const readRecord = (record: string): { readonly pid?: number; readonly status?: number } => {
  try {
    const [pid, status] = readFileSync(record, 'utf8').split('\n')
    return { ...(pid ? { pid: Number(pid) } : {}), ...(status ? { status: Number(status) } : {}) }
  } catch {
    return {}
  }
}

/** Process ids are used again: only the very command line is ours. Between fork and exec it is the shell's, which ends
 *  with it. */
const isRunning = (pid: number, args: readonly string[]): boolean =>
  commandLine(pid).slice(-args.length).join('\0') === args.join('\0')

/** Empty for a process that is not there or has ended. */
const commandLine = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}

const kill = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile, which the next look sees.
  }
}

/** A shell's `$?` is 128 + n after signal n. */
const howOf = (status: number): string => {
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === status - 128) ?? []
  return signal === undefined ? `exit code ${status}` : `signal ${signal}`
}
