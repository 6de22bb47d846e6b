/** Why a mesh cannot be called so, in NATS subjects and stream names; undefined when it can. */
export const badMeshName = (mesh: string): string | undefined =>
  /^[A-Za-z0-9_-]{1,64}$/.test(mesh) ? undefined : 'a mesh is called by 1 to 64 of A–Z a–z 0–9 - _'

/** The stream that holds the log of `mesh` (contract §7, design §7). */
export const eventStreamName = (mesh: string): string => `RUTTER_${mesh}_EVENTS`

/** The object store that holds the checkpoints of the log of `mesh`. */
export const checkpointBucketName = (mesh: string): string => `RUTTER_${mesh}_CHECKPOINTS`

/** The subjects that the stream takes, and the one that entries are published on. */
export const eventSubjects = (mesh: string): { readonly all: string; readonly entry: string } => ({
  all: `rutter.${mesh}.events.>`,
  entry: `rutter.${mesh}.events.entry`,
})

/** Where those who write to the log of `mesh` ask each other for their turn; outside of the stream. */
export const turnSubject = (mesh: string): string => `rutter.${mesh}.turn`

/** The stream that holds who reads which registry of `mesh`. */
export const leaseStreamName = (mesh: string): string => `RUTTER_${mesh}_LEASES`

/** The subjects that it takes, and the one of the lease called `token`. */
export const leaseSubjects = (
  mesh: string,
): { readonly all: string; readonly of: (token: string) => string } => ({
  all: `rutter.${mesh}.lease.*`,
  of: (token) => `rutter.${mesh}.lease.${token}`,
})
