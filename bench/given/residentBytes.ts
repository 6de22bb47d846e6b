import { readFileSync } from 'node:fs'

/** Resident memory of a process, in bytes (proc(5), `VmRSS`). */
export const residentBytes = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
