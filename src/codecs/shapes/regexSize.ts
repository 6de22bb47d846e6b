type Level = { size: number; last: number }

const counted = /\{(\d{1,9})(?:,(\d{0,9}))?\}/y

/** About how many instructions `regex` compiles to, counted repetitions written out; told without compiling it, in one
 *  pass. Of what is no regex it tells some number. */
export const regexSize = (regex: string): number => {
  const above: Level[] = []
  let level: Level = { size: 0, last: 0 }
  for (let at = 0; at < regex.length; at += 1) {
    const sign = regex[at]
    counted.lastIndex = at
    const count = sign === '{' ? counted.exec(regex) : null
    if (sign === '(') {
      above.push(level)
      level = { size: 2, last: 2 }
    } else if (sign === ')') {
      const { size } = level
      level = above.pop() ?? { size: 0, last: 0 }
      addTo(level, size)
    } else if (count !== null) {
      const times = Math.max(Number(count[1]), Number(count[2] ?? 0), 1)
      level.size += level.last * (times - 1)
      at += count[0].length - 1
    } else {
      if (sign === '\\') at += 1
      else if (sign === '[') at = endOfClass(regex, at)
      addTo(level, 1)
    }
  }
  return above.reduce((sum, { size }) => sum + size, level.size)
}

const addTo = (level: Level, size: number): void => {
  level.size += size
  level.last = size
}

/** Where the character class that begins at `at` ends; a `]` right after its start is one of its characters. */
const endOfClass = (regex: string, at: number): number => {
  let end = at + (regex[at + 1] === '^' ? 3 : 2)
  while (end < regex.length && regex[end] !== ']') end += regex[end] === '\\' ? 2 : 1
  return end
}
