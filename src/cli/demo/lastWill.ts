import { spawn } from 'node:child_process'

/** What is done when this process dies without having done it. */
export type LastWill = {
  /** Another process that is to end; what is no process id (a process that did not start) is passed over. */
  add(pid: number): void
  /** Nothing is left to do. */
  revoke(): void
}

// An Envoy without hot restart goes on when its parent is killed, so a shell in a session of its own waits for the end
// of its stdin, which only this process holds open. Agents need some seconds and their files to drain their Envoys; an
// Envoy whose agent is dead is found in the agent's state. What has ended and nobody waits for is gone, too (Z).
const executor = `while read -r pid; do pids="$pids $pid"; done
kill $pids 2>/dev/null
lives() { case "$(cat "/proc/$1/stat" 2>/dev/null)" in ''|*') Z '*) return 1;; esac; }
looks=0
for pid in $pids; do
  while lives "$pid" && [ $looks -lt 600 ]; do looks=$((looks+1)); sleep 0.1; done
  lives "$pid" && kill -9 "$pid" 2>/dev/null
done
for record in "$1"/*/envoy/epoch-*; do
  [ -f "$record" ] && read -r pid <"$record" && kill "$pid" 2>/dev/null
done
rm -rf "$1"`

/** Ends processes and removes `directory` when this process is killed or its terminal is closed. Needs /bin/sh. */
export const lastWill = (directory: string): LastWill => {
  const shell = spawn('/bin/sh', ['-c', executor, 'rutter-last-will', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a shell the demo works as well; it only cannot be cleaned up after.
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  return {
    add: (pid) => {
      // To `kill`, numbers below 1 mean many processes at once.
      if (pid > 0) shell.stdin.write(`${pid}\n`)
    },
    revoke: () => {
      shell.kill('SIGKILL')
    },
  }
}
