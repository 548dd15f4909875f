// biome-ignore-all lint/suspicious/noTemplateCurlyInString: setters look like template placeholders
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { applySetters } from '../../../src/domain/kpt/setters.ts'
import { fieldOf, isJsonObject, type JsonValue } from '../../../src/domain/krm/json-value.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { searching } from '../../support/sizes.ts'

const HEAD = 'apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n'

/** Returns the `spec` of an object after its setter `x` is set, or the problem. */
function set(spec: string, x: string): string {
  const applied = applySetters(new Map([['a.yaml', Buffer.from(HEAD + spec)]]), { x })
  if ('problem' in applied) return applied.problem
  return String(applied.get('a.yaml')).slice(HEAD.length)
}

function read(spec: string): JsonValue | undefined {
  return fieldOf(readKrmFile(Buffer.from(HEAD + spec))?.documents[0]?.value, 'spec')
}

/** A field in some style: the setter replaces `field` and nothing else. */
type Style = { before: string; field: string; behind: string }

const C = ' # kpt-set: ${x}'

/** All of them hold a string, whose field is `k`, and that of an alias `l`. */
const STRING_STYLES: Record<string, Style> = {
  plain: { before: '  k: ', field: 'abc', behind: `${C}\n  z: 0644\n` },
  'single quotes': { before: '  k: ', field: "'a''b'", behind: `${C}\n` },
  'double quotes': { before: '  k: ', field: '"a\\tb"', behind: `${C}\n  z: yes\n` },
  'an anchor': { before: '  k: &a ', field: 'abc', behind: `${C}\n  l: *a\n` },
  'a tag': { before: '  k: ', field: '!!str 12', behind: `${C}\n` },
  'a tag and an anchor': { before: '  k: ', field: '!!str &a 12', behind: `${C}\n  l: *a\n` },
  'an anchor and a tag': {
    before: '  k: &a ',
    field: '!<tag:yaml.org,2002:str> 1',
    behind: `${C}\n  l: *a\n`,
  },
  'a tag of its own': { before: '  k: ', field: '!thing 12', behind: `${C}\n` },
  'a tag on another line': { before: '  k: ', field: '!!str # c\n    12', behind: `${C}\n` },
  'the next line': { before: '  k:\n    # c\n    ', field: 'abc', behind: `${C}\n` },
  'several lines': { before: '  k: ', field: 'a\n    b', behind: `${C}\n  z: 1\n` },
  'quotes in several lines': { before: '  k: ', field: '"a\n    b\\\n    c"', behind: `${C}\n` },
  'a literal block': { before: '  k: ', field: `|${C}\n    a\n      b`, behind: '\n  # c\n  z: 1\n' },
  'a folded block': { before: '  k: ', field: `>2-${C}\n     a\n    b`, behind: '\n # c\n  z: 1\n' },
  'a block at the end': { before: '  z: 1\n  k: ', field: `|-${C}\n    a`, behind: '' },
  'an explicit key': { before: '  ? k # c\n  : ', field: 'abc', behind: `${C}\n` },
  'a merged map': { before: '  <<: &m\n    k: ', field: 'abc', behind: `${C}\n  l: *m\n` },
  'a map in braces': { before: '  {k: ', field: 'abc', behind: `,${C}\n   z: 0644}\n` },
  'a tag in braces': { before: '  {z: 1_000, k: ', field: '!!str a', behind: `${C}\n  }\n` },
  'quotes in braces': { before: '  {k: &a ', field: "'abc'", behind: `,${C}\n   l: *a}\n` },
}

const AMBIGUOUS = [
  '0071335',
  '1234e56',
  '1_000',
  '1:30',
  '190:20:30.5',
  '0x1F',
  '0b11',
  '0o17',
  '0644',
  '12e03',
  '+1',
  '-1',
  '.5',
  '1.',
  '1e999',
  '12345678901234567890',
  '2001-01-01',
  '2001-12-14t21:59:43.10-05:00',
  'null',
  'Null',
  'NULL',
  '~',
  '',
  'true',
  'True',
  'FALSE',
  'yes',
  'Yes',
  'no',
  'NO',
  'on',
  'Off',
  'y',
  'Y',
  'n',
  '.inf',
  '-.Inf',
  '.NaN',
  '=',
  '<<',
]
const STRUCTURAL = [
  'a: b',
  'a:',
  'a #b',
  '# a',
  '- a',
  '-',
  '? a',
  '?',
  ':',
  ': a',
  '[a',
  '{a',
  'a]',
  'a,b',
  '*a',
  '&a',
  '!a',
  '|',
  '>',
  '%a',
  '@a',
  '`a',
  "'",
  '"',
  "it's",
  'say "so"',
  ' a',
  'a ',
  '\ta',
  'a\tb',
  'a\nb',
  '\n',
  'a\r\nb',
  '---',
  '--- a',
  '...',
  'a?b',
  '?a',
  ':a',
  '-a',
  'a:b',
  'http://a/?b=c#d',
  'C:\\a\\n',
  '\0',
  '\u0007',
  '\u007f',
  '\u0085',
  'a\u0085b',
  '\u00a0',
  '\u2028a',
  'a\u2029b',
  '\ufeffa',
  '\ufffe',
  'ü',
  '😀',
  '{{ .Values }}',
  '${y}',
  '$&',
]
const ORDINARY = [
  'abc',
  'nginx:1.27',
  '1.27-alpine',
  'a b',
  'a-b',
  '/a/b',
  'a=b',
  'v1',
  '10Gi',
  '100m',
  'a@b.c',
]

describe('a field that held a string', () => {
  it.each(Object.entries(STRING_STYLES))('holds exactly the new string in the style %s', (_, style) => {
    for (const value of [...AMBIGUOUS, ...STRUCTURAL, ...ORDINARY]) expectString(style, value)
  })

  it.each(AMBIGUOUS)('has quotes around %j', (value) => {
    expect(set(`  k: abc${C}\n`, value)).toBe(`  k: "${value}"${C}\n`)
    expect(set(`  k: 'abc'${C}\n`, value)).toBe(`  k: '${value}'${C}\n`)
    expect(set(`  k: [abc${C}\n  ]\n`, value)).toBe(`  k: ["${value}"${C}\n  ]\n`)
  })

  it.each(ORDINARY)('stays plain for %j', (value) => {
    expect(set(`  k: abc${C}\n`, value)).toBe(`  k: ${value}${C}\n`)
    expect(set(`  k: 1:30${C}\n`, value)).toBe(`  k: ${value}${C}\n`)
    expect(set(`  k: "abc"${C}\n`, value)).toBe(`  k: "${value}"${C}\n`)
  })

  it('holds any string, and no byte around the field changes', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...' \n\t:#-?,[]{}&*!|>\'"%@`=<~.0123456789eEx_+yno') }),
      fc.constantFrom(...AMBIGUOUS, ...STRUCTURAL),
    )
    const style = fc.constantFrom(...Object.values(STRING_STYLES))
    fc.assert(
      fc.property(style, value, fc.boolean(), (style, value, isWindows) => {
        expectString(isWindows ? windows(style) : style, value)
      }),
      searching(500),
    )
  })
})

function windows({ before, field, behind }: Style): Style {
  const crlf = (text: string) => text.replaceAll('\n', '\r\n')
  return { before: crlf(before), field: crlf(field), behind: crlf(behind) }
}

function expectString({ before, field, behind }: Style, value: string): void {
  const result = set(before + field + behind, value)
  expect(
    result.startsWith(before) && result.endsWith(behind),
    `${JSON.stringify(result)} around the field`,
  ).toBe(true)
  const old = read(before + field + behind)
  expect(old).toBeDefined()
  expect(read(result)).toEqual(withString(old, value))
  // Other readers agree; the library takes `e1` for a number in YAML 1.1.
  for (const version of /^[-+]?e/i.test(value) ? (['1.2'] as const) : (['1.1', '1.2'] as const)) {
    const { spec } = parse(HEAD + result, { version, merge: true, logLevel: 'silent' })
    expect([version, spec.k]).toEqual([version, value])
  }
}

/** Returns the value with other strings in the field and its aliases. */
function withString(old: JsonValue | undefined, value: string): unknown {
  if (!isJsonObject(old)) return old
  return Object.fromEntries(
    Object.entries(old).map(([key, field]) => {
      if (isJsonObject(field)) return [key, withString(field, value)]
      return [key, key === 'k' || key === 'l' ? value : field]
    }),
  )
}

const NUMBERS: [text: string, value: number | bigint][] = [
  ['0', 0],
  ['-7', -7],
  ['+7', 7],
  ['0644', 420],
  ['0o644', 420],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['1.50', 1.5],
  ['12e03', 12_000],
  ['.5', 0.5],
  ['12345678901234567890', 12_345_678_901_234_567_890n],
  ['9007199254740993', 9_007_199_254_740_993n],
]
const BOOLEANS: [text: string, value: boolean][] = [
  ['true', true],
  ['yes', true],
  ['On', true],
  ['y', true],
  ['false', false],
  ['NO', false],
  ['off', false],
  ['n', false],
]
const NULLS = ['null', '~', 'Null']
/** Strings to all readers, or values that JSON lacks. */
const NO_VALUES = ['.inf', '-.INF', '.nan', '1:30', '1e999', '2001-01-01', '=', '<<', '']

const NUMBER_FIELDS = ['8080', '0644', '!!int 80', '!!int "80"', '!!float 1', '12345678901234567890']
const BOOLEAN_FIELDS = ['true', 'yes', '!!bool y', "!!bool 'true'"]
const NULL_FIELDS = ['null', '~', "!!null ''"]

/** Sets a field in block and in flow style, and with an anchor, and returns its new text. */
function replaced(field: string, value: string): string {
  const texts = [
    [`  k: ${field}${C}\n  z: 1\n`, '  k: ', `${C}\n  z: 1\n`],
    [`  {z: 1, k: ${field}${C}\n  }\n`, '  {z: 1, k: ', `${C}\n  }\n`],
    [`  k: &a ${field}${C}\n  l: *a\n`, '  k: &a ', `${C}\n  l: *a\n`],
  ].map(([spec = '', before = '', behind = '']) => {
    const result = set(spec, value)
    expect(result.startsWith(before) && result.endsWith(behind), result).toBe(true)
    return result.slice(before.length, -behind.length)
  })
  expect(new Set(texts).size, texts.join(' ')).toBe(1)
  return texts[0] ?? ''
}

function fieldValue(field: string): JsonValue | undefined {
  return fieldOf(read(`  k: ${field}\n`), 'k')
}

describe.each([
  {
    held: 'a number',
    fields: NUMBER_FIELDS,
    takes: NUMBERS,
    others: [...BOOLEANS.map(([text]) => text), ...NULLS],
  },
  { held: 'a boolean', fields: BOOLEAN_FIELDS, takes: [...BOOLEANS, ...NUMBERS], others: NULLS },
  {
    held: 'null',
    fields: NULL_FIELDS,
    takes: [...BOOLEANS, ...NUMBERS, ...NULLS.map((text): [string, null] => [text, null])],
    others: [],
  },
])('a field that held $held', ({ fields, takes, others }) => {
  it.each(fields)('%s takes the values of its type as they are written', (field) => {
    for (const [text, value] of takes) {
      expect(replaced(field, text)).toBe(text)
      expect(fieldValue(text)).toBe(value)
    }
  })

  it.each(fields)('%s takes everything else as a string', (field) => {
    for (const text of [...others, ...NO_VALUES]) {
      const quote = field.includes("'") ? "'" : '"'
      expect(replaced(field, text)).toBe(quote + text + quote)
      expect(fieldValue(replaced(field, text))).toBe(text)
    }
    const plain = /['"]/.exec(field)?.[0] ?? ''
    expect(replaced(field, 'http')).toBe(`${plain}http${plain}`)
    expect(fieldValue(replaced(field, 'a: b'))).toBe('a: b')
  })
})

describe('a field without a value', () => {
  it('is not set, as in kpt', () => {
    const spec = `  k:${C}\n  m: ${C.trim()}\n  l:\n    -${C}\n`
    expect(set(`${spec}  n: a${C}\n`, 'b')).toBe(`${spec}  n: b${C}\n`)
  })
})

describe('an alias', () => {
  it('is not set, but has the value of its anchor', () => {
    const spec = (value: string) => `  k: &a ${value}${C}\n  l: *a${C}\n  m: {n: *a}\n`
    expect(set(spec('1'), '0644')).toBe(spec('0644'))
    expect(set(spec('one'), '0644')).toBe(spec('"0644"'))
  })
})
