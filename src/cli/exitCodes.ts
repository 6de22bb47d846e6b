/** How every command ends (contract §6; 64, 65 and 69 are those of BSD's sysexits.h). */
export const exitCodes = {
  ok: 0,
  /** Differences, findings, something missing, a wait that failed. */
  findings: 1,
  runtimeError: 2,
  usage: 64,
  badInput: 65,
  unreachable: 69,
  interrupted: 130,
  terminated: 143,
} as const
