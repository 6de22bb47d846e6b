import { readCheckpointFile } from '../adapters/log/checkpointFile.ts'
import { checkpointPath, listCheckpoints } from '../adapters/log/fileCheckpoints.ts'
import { readLog } from '../adapters/log/readLog.ts'
import type { ReplaySource } from './replayLog.ts'

/** The log in `directory`, to be replayed; progress counts bytes. */
export const directorySource = (directory: string): ReplaySource => ({
  checkpoints: () => listCheckpoints(directory),
  readCheckpoint: (position) => readCheckpointFile(checkpointPath(directory, position)),
  nameOfCheckpoint: (position) => checkpointPath(directory, position),
  entries: (onProgress) =>
    readLog(directory, {
      hashes: true,
      onProgress: ({ bytes, totalBytes }) => onProgress(bytes, totalBytes),
    }),
})
