import { expect, test } from 'vitest'
import { runCli } from './runCli.ts'

test.each(['lint', 'apply'])(
  'K4: a file that %s cannot read is one object too with -o json',
  async (command) => {
    const detail = expect.stringMatching(/^\/nowhere cannot be read: ENOENT/)
    const { code, out, err } = await runCli([command, '-f', '/nowhere', '-o', 'json'])
    expect([code, err.split('\n').length]).toEqual([65, 2])
    expect(JSON.parse(out)).toEqual({ code: 'unreadable', detail, problems: [] })
    expect((await runCli([command, '-f', '/nowhere'])).out).toBe('')
  },
)
