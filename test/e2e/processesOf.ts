import { readdir, readFile } from 'node:fs/promises'

/** Processes whose command line names `text`, as they were started, each after its id. */
export const processesOf = async (text: string): Promise<readonly string[]> => {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(text)) found.push(`${pid} ${line.replaceAll('\0', ' ')}`)
  }
  return found
}
