import Table from 'cli-table3'

const noLines = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, name === 'middle' ? '  ' : '']),
)

/** `rows` in columns under `head`, without lines, each row ended by a line feed. Control characters of outside text
 *  are shown as dots: a terminal would obey them. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const made = new Table({
    head: [...head],
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  made.push(...rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '·'))))
  return `${made
    .toString()
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n')}\n`
}
