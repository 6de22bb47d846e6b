import { open, unlink } from 'node:fs/promises'

/** Where the Envoys of a base id keep what they share: Envoy multiplies the id by ten. */
export const sharedMemoryOf = (baseId: number): string => `/dev/shm/envoy_shared_memory_${baseId * 10}`

/** Removes the shared memory that Envoy leaves behind (104 bytes at each start); nothing when there is none. Rejects
 *  when it is another user's. Only for a base id whose Envoys have all ended. */
export const cleanSharedMemory = async (baseId: number): Promise<void> => {
  await unlink(sharedMemoryOf(baseId)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** Takes back what a child leaves that ends while it initializes: a flag for which every later child refuses to start
 *  (`previous envoy process is still initializing`). Only while no Envoy of the base id initializes. Rejects when the
 *  memory is not there or not as Envoy 1.40 has it.
 *
 *  The flags are the last of size, version, two mutexes of pthread (40 bytes each, on arm64 48) and 8 bytes of flags:
 *  `SharedMemory` in source/server/hot_restart_impl.h. */
export const clearInitializing = async (baseId: number): Promise<void> => {
  const file = await open(sharedMemoryOf(baseId), 'r+')
  try {
    const { size } = await file.stat()
    if (size !== 104 && size !== 120) throw new Error(`Envoy's shared memory has ${size} bytes`)
    await file.write(Buffer.alloc(8), 0, 8, size - 8)
  } finally {
    await file.close()
  }
}
