import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readDocuments } from '../../src/codecs/readDocuments.ts'
import { defaultReadLimits } from '../../src/codecs/readLimits.ts'

const valuesOf = (input: string | Uint8Array, format: 'yaml' | 'json' = 'yaml') => {
  const read = readDocuments(input, { format })
  if (isLeft(read)) throw new Error(JSON.stringify(read.left))
  return read.right.map(({ root }) => root.value)
}

const refusalOf = (input: string | Uint8Array, format: 'yaml' | 'json' = 'yaml') => {
  const read = readDocuments(input, { format })
  if (isRight(read)) throw new Error(`accepted: ${JSON.stringify(read.right.map(({ root }) => root.value))}`)
  const { _tag, problems } = read.left
  return [_tag, ...problems.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`.trim())]
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

describe('C1 documents come one by one', () => {
  test.each([
    ['a stream', 'a: 1\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['empty documents', '---\n# nothing\n---\n\n---\na: 1\n---\nnull\n', [{ a: 1 }]],
    ['nothing at all', '', []],
    ['a YAML sequence', '- a: 1\n- b: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a List', 'apiVersion: v1\nkind: List\nmetadata: {}\nitems: [{a: 1}]\n', [{ a: 1 }]],
    ['a typed list', 'kind: RouteRuleList\nitems: [{a: 1}, {b: 2}]\n', [{ a: 1 }, { b: 2 }]],
    ['lists in lists', '- kind: List\n  items: [[{a: 1}], {b: 2}]\n', [{ a: 1 }, { b: 2 }]],
    ['JSON within YAML', '{"a": 1}', [{ a: 1 }]],
    ['a byte order mark', '\ufeffa: 1', [{ a: 1 }]],
    ['CRLF', 'a: 1\r\nb: 2\r\n', [{ a: 1, b: 2 }]],
  ])('C1 %s', (_, text, documents) => {
    expect(valuesOf(text)).toEqual(documents)
  })

  test('C1 a JSON array gives its items, an empty text none', () => {
    expect(valuesOf('[{"a":1},[{"b":2}]]', 'json')).toEqual([{ a: 1 }, { b: 2 }])
    expect(valuesOf(' \n', 'json')).toEqual([])
    expect(valuesOf('null', 'json')).toEqual([])
  })

  test('C1 a List with other keys is refused at the key', () => {
    expect(refusalOf('kind: List\nitems: []\nspec: {}')).toEqual(['Refused', '3:1 RUT1301 /spec'])
  })
})

describe('C2 all problems with their places', () => {
  test('C2 every document of a stream tells its own', () => {
    const text = 'a: *x\n---\nb: [1\n---\nc: 1\nc: 2\n---\nd: ok\n'
    expect(refusalOf(text)).toEqual(['Syntax', '1:4 RUT1006 /a', '4:1 RUT1001', '6:1 RUT1005 /c'])
  })

  test('C2 pointers escape what RFC 6901 escapes', () => {
    expect(refusalOf('a/b:\n  c~d: 1e400')).toEqual(['Refused', '2:8 RUT1103 /a~1b/c~0d'])
  })
})

describe('C4 what cannot be read', () => {
  test.each([
    ['a duplicate key', 'a: 1\n"a": 2', '2:1 RUT1005 /a'],
    ['an unknown alias', 'a: *b', '1:4 RUT1006 /a'],
    ['an alias inside of what it names', 'a: &x [*x]', '1:8 RUT1006 /a/0'],
    ['an alias inside of a later anchor of its name', 'a: &x 1\nb: &x [*x]', '2:8 RUT1006 /b/0'],
    ['an alias before its anchor', 'a: *x\nb: &x 1', '1:4 RUT1006 /a'],
    ['a tag', 'a: !foo b', '1:4 RUT1007'],
    ['binary', 'a: !!binary aGk=', '1:4 RUT1007'],
    ['a NUL', 'a: b\0', '1:5 RUT1003'],
    ['a NUL as escape', 'a: "\\0"', '1:4 RUT1003 /a'],
    ['a bell', '# \u0007', '1:3 RUT1003'],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes', '1:1 RUT1001'],
    ['an unclosed list', 'a: [1', '1:6 RUT1001'],
    ['a tab as indentation', 'a:\n\tb: 1', '2:1 RUT1001'],
  ])('C4 %s', (_, text, problem) => {
    expect(refusalOf(text)).toEqual(['Syntax', problem])
  })

  test('C4 bytes that are not UTF-8, told at the first of them', () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('é: 1\nb: '), 0xc3, 0x28, 0x0a])
    expect(refusalOf(bytes)).toEqual(['Syntax', '2:4 RUT1004'])
    expect(refusalOf(Uint8Array.from([0x61, 0xc3]))).toEqual(['Syntax', '1:2 RUT1004'])
    for (let before = 0; before < 40; before += 1) {
      const spoilt = Uint8Array.from([...Array(before).fill(0x61), 0xff, ...Array(39 - before).fill(0x61)])
      expect(refusalOf(spoilt)).toEqual(['Syntax', `1:${before + 1} RUT1004`])
    }
    expect(valuesOf(new TextEncoder().encode('é: "€𐍈"'))).toEqual([{ é: '€𐍈' }])
  })
})

describe('C5 depth', () => {
  test.each(['yaml', 'json'] as const)('C5 64 levels of %s are read, 65 are not', (format) => {
    // The outermost list is taken apart into documents.
    expect(valuesOf(`{"a":${nested(63)}}`, format)).toHaveLength(1)
    expect(refusalOf(`{"a":${nested(64)}}`, format)).toEqual(['Refused', `1:69 RUT1101 /a${'/0'.repeat(63)}`])
  })

  test('C5 an alias is as deep as what it names', () => {
    expect(valuesOf(`{a: &x ${nested(40)}, b: [[[*x]]]}`)).toHaveLength(1)
    expect(refusalOf(`a: &x ${nested(40)}\nb: ${'['.repeat(24)}*x${']'.repeat(24)}`)).toEqual([
      'Refused',
      `2:28 RUT1101 /b${'/0'.repeat(24)}`,
    ])
    // How deep the anchor itself lies does not matter.
    expect(
      valuesOf(`a: ${'['.repeat(10)}&x [1]${']'.repeat(10)}\nb: ${'['.repeat(60)}*x${']'.repeat(60)}`),
    ).toHaveLength(1)
  })

  test.each([
    ['brackets', '['],
    ['braces', '{'],
    ['dashes', '- '],
    ['question marks', '? '],
    ['colons', 'a: '],
  ])('C5 a mebibyte of %s is refused, not overflowed on', (_, sign) => {
    const text = sign.repeat(2 ** 20 / sign.length)
    expect(refusalOf(text)[1]).toMatch(/RUT1(?:101|001)/)
  })
})

describe('C6 aliases', () => {
  test('C6 100 are expanded, 101 are not', () => {
    const aliases = (n: number) => `a: &x 1\nb: [${Array(n).fill('*x').join(', ')}]`
    expect(valuesOf(aliases(100))).toHaveLength(1)
    expect(refusalOf(aliases(101))).toEqual(['Refused', '1:1 RUT1102'])
  })

  test('C6 aliases of aliases multiply', () => {
    const laughs = ['a: &a0 [lol]']
    for (let i = 1; i < 9; i += 1)
      laughs.push(
        `b${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(refusalOf(laughs.join('\n'))).toEqual(['Refused', '1:1 RUT1102'])
  })

  test('C6 aliases within what an alias names count each time, however short', () => {
    const five = (name: string) => `[${Array(5).fill(`*${name}`).join(', ')}]`
    expect(valuesOf(`a: &a x\nb: &b ${five('a')}\nc: &c ${five('b')}`)).toHaveLength(1)
    expect(refusalOf(`a: &a x\nb: &b ${five('a')}\nc: &c ${five('b')}\nd: ${five('c')}`)).toEqual([
      'Refused',
      '1:1 RUT1102',
    ])
  })

  test('C6 a key can be named too', () => {
    expect(valuesOf('&k key: *k')).toEqual([{ key: 'key' }])
  })

  test('C6 no document grows beyond a mebibyte', () => {
    const text = `a: &x "${'x'.repeat(20_000)}"\nb: [${Array(60).fill('*x').join(', ')}]`
    expect(refusalOf(text)).toEqual(['Refused', '1:1 RUT1102'])
    expect(valuesOf(text.replace('20000', '10000').replace(/x{20000}/, 'x'.repeat(10_000)))).toHaveLength(1)
  })
})

describe('C7 numbers', () => {
  test.each(['9007199254740993', '1e400', '-1e400', '1e-400', '0.12345678901234567890', '0x10', '0o7'])(
    'C7 %s is refused',
    (number) => {
      expect(refusalOf(`a: ${number}`)).toEqual(['Refused', '1:4 RUT1103 /a'])
      if (!number.startsWith('0x') && !number.startsWith('0o')) {
        expect(refusalOf(`{"a":${number}}`, 'json')).toEqual(['Refused', '1:6 RUT1103 /a'])
      }
    },
  )

  test.each(['.inf', '-.Inf', '.NaN'])('C7 %s has no form in JSON', (number) => {
    expect(refusalOf(`a: ${number}`)).toEqual(['Refused', '1:4 RUT1108 /a'])
  })

  test.each([
    ['9007199254740991', 9007199254740991],
    ['-0', 0],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['0.1', 0.1],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('C7 %s is kept', (number, value) => {
    expect(valuesOf(`a: ${number}`)).toEqual([{ a: value }])
    expect(valuesOf(`{"a":${number}}`, 'json')).toEqual([{ a: value }])
  })
})

describe('C8 keys and texts', () => {
  test.each([
    ['half a surrogate pair', 'a: "\\ud800"', '1:4 RUT1104 /a'],
    ['__proto__', '__proto__: {a: 1}', '1:1 RUT1105 /__proto__'],
    ['a merge key', 'a: &x {b: 1}\nc:\n  <<: *x', '3:3 RUT1106 /c'],
    ['a number as key', '80: a', '1:1 RUT1107'],
    ['a list as key', '[a]: b', '1:1 RUT1107'],
    ['no key', ': b', '1:1 RUT1107'],
    ['on as key', 'on: a', '1:1 RUT1107'],
    ['n as key', 'n: a', '1:1 RUT1107'],
  ])('C8 %s', (_, text, problem) => {
    expect(refusalOf(text)).toEqual(['Refused', problem])
  })

  test('C8 quoted keys are texts; constructor is a key like others', () => {
    const [value] = valuesOf('"80": a\n"on": b\n"<<": c\nconstructor: d\ntoString: e')
    expect(value).toEqual({ 80: 'a', on: 'b', '<<': 'c', constructor: 'd', toString: 'e' })
    expect(Object.keys(value as object)).toEqual(['80', 'on', '<<', 'constructor', 'toString'])
  })

  test('C8 JSON is held to the same', () => {
    expect(refusalOf('{"__proto__":1}', 'json')).toEqual(['Refused', '1:2 RUT1105 /__proto__'])
    expect(refusalOf('{"a":"\\udc00"}', 'json')).toEqual(['Refused', '1:6 RUT1104 /a'])
    expect(refusalOf('{"a":1,"a":1}', 'json')).toEqual(['Syntax', '1:8 RUT1005 /a'])
  })
})

describe('C10 sizes', () => {
  const limits = { ...defaultReadLimits, documentBytes: 20, batchBytes: 60 }
  const tagOf = (text: string, format: 'yaml' | 'json' = 'yaml') => {
    const read = readDocuments(text, { format, limits })
    return isLeft(read)
      ? `${read.left._tag} ${read.left.problems.map(({ code, line }) => `${code}@${line}`)}`
      : 'read'
  }

  test('C10 one document', () => {
    expect(tagOf(`a: ${'x'.repeat(17)}`)).toBe('read')
    expect(tagOf(`a: ${'x'.repeat(18)}`)).toBe('TooLarge RUT1091@1')
    expect(tagOf(`a: ${'é'.repeat(8)}`)).toBe('read')
    expect(tagOf(`a: ${'é'.repeat(9)}`)).toBe('TooLarge RUT1091@1')
    expect(tagOf(`a: 1\n---\nb: ${'x'.repeat(18)}`)).toBe('TooLarge RUT1091@3')
    expect(tagOf(`[{"a":"${'x'.repeat(12)}"},{"a":"${'x'.repeat(12)}"}]`, 'json')).toBe('read')
    expect(tagOf(`{"a":"${'x'.repeat(13)}"}`, 'json')).toBe('TooLarge RUT1091@1')
  })

  test('C10 one batch', () => {
    expect(tagOf('a: 1\n---\n'.repeat(6))).toBe('read')
    expect(tagOf('a: 1\n---\n'.repeat(7))).toBe('TooLarge RUT1092@1')
  })

  test('C3 too large is graver than what cannot be read, and that graver than what is refused', () => {
    expect(tagOf(`a: ${'x'.repeat(18)}\n---\nb: [\n---\nc: 0x1`)).toContain('TooLarge')
    expect(tagOf('b: [\n---\nc: 0x1')).toContain('Syntax')
    expect(tagOf('c: 0x1')).toContain('Refused')
  })
})

describe('C11 bounds', () => {
  test('C11 at most 200 problems, and that there are more', () => {
    const text = Array.from({ length: 300 }, (_, i) => `k${i}: 0x1`).join('\n')
    const [, ...problems] = refusalOf(text)
    expect(problems).toHaveLength(201)
    expect(problems[200]).toBe('201:7 RUT1109')
  })
})

describe('C12 YAML 1.2', () => {
  test('C12 dates, yes and 1_000 are texts', () => {
    expect(valuesOf('a: 2020-01-01\nb: yes\nc: 1_000\nd: "1"\ne: ~\nf: true')).toEqual([
      { a: '2020-01-01', b: 'yes', c: '1_000', d: '1', e: null, f: true },
    ])
  })
})
