// biome-ignore-all lint/suspicious/noTemplateCurlyInString: setters look like template placeholders
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { applySetters } from '../../../src/domain/kpt/setters.ts'
import { fieldOf, type JsonValue } from '../../../src/domain/krm/json-value.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { searching } from '../../support/sizes.ts'

const HEAD = 'apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n'

/** Returns the `spec` of an object after its setter `l` is set, or the problem. */
function set(spec: string, l: string): string {
  const applied = applySetters(new Map([['a.yaml', Buffer.from(HEAD + spec)]]), { l })
  if ('problem' in applied) return applied.problem
  return String(applied.get('a.yaml')).slice(HEAD.length)
}

function read(spec: string): JsonValue | undefined {
  return fieldOf(readKrmFile(Buffer.from(HEAD + spec))?.documents[0]?.value, 'spec')
}

const C = ' # kpt-set: ${l}'
const STRINGS = `  e:${C}\n    - dev # old\n    - "stage"\n  f: 0644\n`
const NUMBERS = `  e: [80, 0644]${C}\n  f: 0644\n`
const EMPTY = `  e: []${C}\n  f: 0644\n`

describe('a list that is set', () => {
  it.each([
    [
      '[0644, on, ~, 1:30, .inf]',
      ['"0644"', '"on"', '"~"', '"1:30"', '".inf"'],
      ['0644', 'on', null, '1:30', '.inf'],
    ],
    ['["0644", \'on\', prod, a b]', ['"0644"', "'on'", 'prod', 'a b'], ['0644', 'on', 'prod', 'a b']],
    ['[!!int 7, {a: 0644}]', ['!!int 7', '{a: 0644}'], [7, { a: 420 }]],
    ['- 0x1F\n- =\n- a:b\n', ['"0x1F"', '"="', 'a:b'], ['0x1F', '=', 'a:b']],
  ])('of strings takes %j as strings, but for items with a type of their own', (given, lines, values) => {
    const result = set(STRINGS, given)
    expect(result).toBe(`  e:${C}\n${lines.map((line) => `    - ${line}\n`).join('')}  f: 0644\n`)
    const texts = values.map((value) => (value === null ? '~' : value))
    expect(read(result)).toEqual({ e: texts, f: 420 })
  })

  it.each([
    [
      '[0644, 1_000, 12345678901234567890]',
      '[0644, 1_000, 12345678901234567890]',
      [420, 1000, 12_345_678_901_234_567_890n],
    ],
    ['- http\n- on\n- "8080"\n- 12e03\n', '[http, "on", "8080", 12e03]', ['http', 'on', '8080', 12_000]],
  ])('of numbers takes %j as %j', (given, written, values) => {
    expect(set(NUMBERS, given)).toBe(NUMBERS.replace('[80, 0644]', written))
    expect(read(set(NUMBERS, given))).toEqual({ e: values, f: 420 })
  })

  it.each([
    ['[0644, on, ~, 1_000, a]', '[0644, on, ~, 1_000, a]', [420, true, null, 1000, 'a']],
    ['[1:30, .inf, 2001-01-01]', '["1:30", ".inf", "2001-01-01"]', ['1:30', '.inf', '2001-01-01']],
    [
      '- a,b\n- a?b\n- c: |\n    0644\n  d: # c\n    - e\n',
      '["a,b", "a?b", {c: "0644\\n", d: [e]}]',
      ['a,b', 'a?b', { c: '0644\n', d: ['e'] }],
    ],
    [
      '- !!str 12\n-\n- [a,\n  "b"]\n- {c: yes, ? d}\n',
      '[!!str 12, null, [a, "b"], {c: yes, d: null}]',
      ['12', null, ['a', 'b'], { c: true, d: null }],
    ],
  ])('without items takes %j as %j', (given, written, values) => {
    expect(set(EMPTY, given)).toBe(EMPTY.replace('[]', written))
    expect(read(set(EMPTY, given))).toEqual({ e: values, f: 420 })
  })

  it('keeps the text of items in block style, comments included, at its own indentation', () => {
    const given =
      '---\n# first\n  - name: 0644 # mode\n    text: |2\n       a\n\n      b\n  # second\n  - - "x\n      y"\n'
    const own = '- name: 0644 # mode\n  text: |2\n     a\n\n    b\n# second\n- - "x\n    y"\n'
    const indented = own.replaceAll(/^(?=.)/gm, '    ')
    expect(set(STRINGS, given)).toBe(`  e:${C}\n${indented}  f: 0644\n`)
    expect(set(`  e:${C}\n  - dev\n`, own)).toBe(`  e:${C}\n${own.replaceAll(/^(?=.)/gm, '  ')}`)
    const windows = set(STRINGS.replaceAll('\n', '\r\n'), given)
    expect(windows).toBe(`  e:${C}\n${indented}  f: 0644\n`.replaceAll('\n', '\r\n'))
    expect(read(windows)).toEqual({ e: [{ name: 420, text: ' a\n\nb\n' }, ['x y']], f: 420 })
  })

  it('can be emptied and filled again, since its comment stays where kpt looks for it', () => {
    for (const given of ['', ' ', '[]', '[ ]\n']) expect(set(STRINGS, given)).toBe(EMPTY)
    expect(set(STRINGS.replaceAll('\n', '\r\n'), '')).toBe(EMPTY.replaceAll('\n', '\r\n'))
    const filled = set(EMPTY, '[a, b]')
    expect(filled).toBe(EMPTY.replace('[]', '[a, b]'))
    expect(set(filled, '')).toBe(EMPTY)
    expect(set(filled, '- c\n- "on"\n')).toBe(EMPTY.replace('[]', '[c, "on"]'))
  })

  it('keeps its anchor, and its aliases follow', () => {
    expect(set(`  e: &x${C}\n  - a\n  f: *x\n`, '[1, b]')).toBe(`  e: &x${C}\n  - "1"\n  - b\n  f: *x\n`)
    expect(set(`  e: &x${C}\n  - a\n  f: *x\n`, '')).toBe(`  e: &x []${C}\n  f: *x\n`)
    expect(set(`  e: !!seq &x [1]${C}\n  f: *x\n`, '[2]')).toBe(`  e: !!seq &x [2]${C}\n  f: *x\n`)
  })

  it.each([
    [`  {e: [a],${C}\n   f: 1}\n`, `  {e: ["1", b],${C}\n   f: 1}\n`],
    [`  ? e # a: b\n  :${C}\n   - a\n`, `  ? e # a: b\n  :${C}\n   - "1"\n   - b\n`],
    [`  e:${C}\n  # first\n  - |+\n    a\n\n  # last\n`, `  e:${C}\n  # first\n  - "1"\n  - b\n  # last\n`],
    [`  e:\n  - f:${C}\n    - a\n    - b\n  - g: 1\n`, `  e:\n  - f:${C}\n    - "1"\n    - b\n  - g: 1\n`],
    [`  e: [\n    a, # x\n    b\n  ]${C}\n`, `  e: ["1", b]${C}\n`],
    [`  e:${C}\n    - a${C}\n    - b\n`, `  e:${C}\n    - "1"\n    - b\n`],
  ])('in %j becomes %j', (before, after) => {
    expect(set(before, '[1, b]')).toBe(after)
  })

  it('is a problem if an alias refers to one of its items', () => {
    expect(set(`  e:${C}\n    - &x a\n  f: *x\n`, '[b]')).toBe(
      'a.yaml: "${l}" cannot be set without changing something else, so edit the fields instead',
    )
  })

  it('has its comment behind its key or its brackets, as in kpt', () => {
    for (const other of [
      `  {e: [a], f: 1}${C}\n`,
      `  e:\n   ${C}\n    - a\n`,
      `  e:\n    -${C}\n      - a\n`,
    ])
      expect(set(other, '[b]')).toMatch(/has no setters/)
  })

  it.each([
    ['x', /must be a YAML list/],
    ['{a: b}', /must be a YAML list/],
    ['[a', /must be a YAML list/],
    ['- a\n---\n- b\n', /must be a YAML list/],
    ['[&x a]', /cannot have anchors or aliases/],
    ['[*x]', /"x" is not defined/],
    ['[{a: 1, a: 2}]', /"a" appears twice/],
    ['[{a: .inf}]', /\.inf has no value in JSON/],
    ['[!!int x]', /"x" does not fit the tag !!int/],
    ['["\u0007"]', /control characters/],
    ['[a\u2028b]', /control characters/],
  ])('cannot take %j', (given, problem) => {
    expect(set(STRINGS, given)).toMatch(/^a\.yaml: the value of l fills a list: /)
    expect(set(STRINGS, given)).toMatch(problem)
  })

  it('takes a tab behind a dash, which YAML 1.1 does not', () => {
    expect(set(STRINGS, '-\ta\n-\t[b]\t# c\n')).toBe(`  e:${C}\n    - a\n    - [b]\n  f: 0644\n`)
  })

  it('holds exactly the given values, whatever their style and its own', () => {
    const text = fc.oneof(
      fc.constantFrom(
        'a',
        '0644',
        'on',
        '~',
        '',
        'a: b',
        '# c',
        'a,b',
        'x?y',
        'two\nlines\n',
        '- d',
        "it's",
        '1:30',
        'ü😀',
      ),
      fc.string({ unit: 'grapheme' }).filter((text) => !/[\u2028\u2029\ufeff\x7f-\x9f]/.test(text)),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.constantFrom(null, true, 7, 1.5),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    }))
    const style = fc.record({
      collectionStyle: fc.constantFrom('block', 'flow', 'any'),
      indent: fc.constantFrom(2, 4),
      lineWidth: fc.constantFrom(0, 20),
      defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_FOLDED'),
    })
    const field = fc.constantFrom(
      { before: `  e:${C}\n    `, items: '- {}\n    - a', behind: '\n  # c\n  f: 0644\n' },
      { before: '  e: ', items: '[a, 1]', behind: `${C}\n  f: 0644\n` },
      { before: '  {e: ', items: '[]', behind: `,${C}\n  f: 0644}\n` },
    )
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), style, field, (values, style, field) => {
        const { before, items, behind } = field
        const given = stringify(values, { ...(style as object), compat: 'yaml-1.1' })
        const result = set(before + items + behind, given)
        expect(result.startsWith(before) && result.endsWith(behind), result).toBe(true)
        expect(JSON.parse(JSON.stringify(read(result)))).toEqual(
          JSON.parse(JSON.stringify({ e: values, f: 420 })),
        )
      }),
      searching(300),
    )
  })
})
