/** Merges of files: their notation, and files that are not KRM. */
import { describe, expect, it } from 'vitest'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import type { Conflict } from '../../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../../src/domain/merge/merge-resources.ts'
import { withSide } from '../../../src/domain/merge/resolve-conflict.ts'
import { merged, mergedFile, versions } from '../../support/merging.ts'
import { resourcesOf } from '../../support/texts.ts'

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: 1\n  b: 1\n  c: 1\n'
const BOTH = [
  ['a: 1', 'a: 2'],
  ['c: 1', 'c: 2'],
] as const

describe('a merge of an object', () => {
  it.each([
    ['with CRLF line endings', OBJECT.replaceAll('\n', '\r\n')],
    ['without a line feed at the end', `${OBJECT}  d: 1`],
    [
      'in flow style',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: { a: 1,  b: "1", c: 1 }\n',
    ],
    ['as JSON', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 1, b: 1, c: 1 } }, null, 2)],
    ['with anchors', `${OBJECT.replace('data:', 'data: &x')}other: *x\nmore: &y [1]\n`],
    ['with a byte order mark', `\uFEFF${OBJECT}`],
    ['amid comments', `# first\n\n${OBJECT}\n# last\n`],
  ])('keeps it %s', (_, text) => {
    const quoted = text.includes('"a":')
      ? BOTH.map(([from, to]) => [from.replace(':', '":'), to.replace(':', '":')] as const)
      : BOTH
    const [mine, theirs] = quoted as typeof BOTH
    const { text: both, conflicts } = mergedFile(versions(text, mine, theirs))
    expect(conflicts).toEqual([])
    if (!text.includes('*x')) expect(both).toBe(text.replace(...mine).replace(...theirs))
    // An alias changes along with its anchor, so only the values are compared.
    else
      expect(readKrmFile(Buffer.from(both ?? ''))?.documents[0]?.value).toMatchObject({
        data: { a: 2, b: 1, c: 2 },
        more: [1],
      })
  })

  it('keeps anchors whose values stay', () => {
    const text = `${OBJECT}x: &x [1]\ny: *x # same\n`
    expect(mergedFile(versions(text, ...BOTH)).text).toBe(
      text.replace('a: 1', 'a: 2').replace('c: 1', 'c: 2'),
    )
  })
})

describe('a merge of a file that is not KRM', () => {
  it.each([
    [
      'values.yaml',
      'image:\n  tag: 1\n# between\n\nreplicas: 1\n',
      ['tag: 1', 'tag: 2'],
      ['replicas: 1', 'replicas: 2'],
    ],
    [
      'templates/a.yaml',
      '{{- if .Values.a }}\nkind: A\n---\nx: {{ .b }}\n{{ end }}\n',
      ['kind: A', 'kind: B'],
      ['.b', '.c'],
    ],
    ['a.json', '{\n  "a": 1,\n  "b": 1,\n  "c": 1\n}\n', ['"a": 1', '"a": 2'], ['"c": 1', '"c": 2']],
    ['README.md', 'one\r\ntwo\r\nthree', ['one', 'ONE'], ['three', 'THREE']],
  ] as const)('is done line by line: %s', (path, text, [a, b], [c, d]) => {
    const { text: both, conflicts } = mergedFile(versions(text, [a, b], [c, d]), path)
    expect(conflicts).toEqual([])
    expect(both).toBe(text.replace(a, b).replace(c, d))
  })

  it('has a conflict in lines that both sides changed', () => {
    const input = versions('one\ntwo\nthree\n', ['two', 'mine'], ['two', 'theirs'])
    expect(mergedFile(input, 'a.txt')).toEqual({
      text: input[1],
      conflicts: [
        {
          path: 'a.txt',
          object: null,
          field: 'lines 2',
          original: input[0],
          local: input[1],
          upstream: input[2],
          chosen: 'local',
        },
      ],
    })
    expect(mergedFile(input, 'a.txt', 'upstream').text).toBe(input[2])
  })

  it('takes one side of a binary file, or of one that a side deleted', () => {
    const [a, b, c] = [Buffer.of(0, 1), Buffer.of(0, 2), Buffer.of(0, 3, 4)]
    const merge = (
      local: Buffer | undefined,
      upstream: Buffer | undefined,
      prefer: 'local' | 'upstream' = 'local',
    ) => {
      const file = (content: Buffer | undefined) => new Map(content ? [['logo.png', content]] : [])
      const { resources, conflicts } = mergeResources(
        { original: file(a), local: file(local), upstream: file(upstream) },
        prefer,
      )
      return { content: resources.get('logo.png'), conflicts }
    }
    expect(merge(a, b)).toEqual({ content: b, conflicts: [] })
    expect(merge(b, a)).toEqual({ content: b, conflicts: [] })
    expect(merge(undefined, a)).toEqual({ content: undefined, conflicts: [] })
    expect(merge(b, c).content).toEqual(b)
    expect(merge(b, c, 'upstream').content).toEqual(c)
    expect(merge(b, c).conflicts).toMatchObject([
      {
        path: 'logo.png',
        object: null,
        field: '',
        original: { size: 2 },
        local: { size: 2 },
        upstream: { size: 3 },
      },
    ])
    expect(merge(undefined, c).conflicts).toHaveLength(1)
    expect(merge(undefined, c).content).toBeUndefined()
  })

  it('is done if any of the versions is not KRM', () => {
    const broken = `${OBJECT}  - :\n`
    const { conflicts } = mergedFile([OBJECT, OBJECT.replace('a: 1', 'a: 2'), broken])
    expect(conflicts).toEqual([])
    const text = mergedFile([OBJECT, OBJECT.replace('a: 1', 'a: 2'), broken]).text
    expect(text).toBe(broken.replace('a: 1', 'a: 2'))
  })
})

describe('a merge of hostile files', () => {
  it('treats objects that are nested too deeply as text', () => {
    for (const depth of [300, 5_000, 20_000]) {
      for (const deep of [`[`.repeat(depth) + `]`.repeat(depth), `\n  ${'- '.repeat(depth)}x`]) {
        const text = `kind: A\napiVersion: v1\nx: ${deep}\n`
        expect(readKrmFile(Buffer.from(text))).toBeUndefined()
        const files = { 'a.yaml': text }
        const { conflicts } = merged(files, { 'a.yaml': `b: 1\n${text}` }, { 'a.yaml': `${text}c: 1\n` })
        expect(conflicts).toEqual([])
      }
    }
  })

  it('handles thousands of fields and items', () => {
    const fields = (count: number, value: (at: number) => string) =>
      `${OBJECT.split('data')[0]}data:\n${Array.from({ length: count }, (_, at) => `  k${at}: ${value(at)}\n`).join('')}`
    const { conflicts } = mergedFile([
      fields(5_000, () => 'a'),
      fields(5_000, (at) => (at % 2 ? 'b' : 'a')),
      fields(5_000, (at) => (at % 3 ? 'a' : 'c')),
    ])
    expect(conflicts).toHaveLength(833)
    const items = (count: number, name: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - name: x\n${Array.from({ length: count }, (_, at) => `  - name: ${name}${at}\n`).join('')}`
    const { text } = mergedFile([items(0, ''), items(10_000, 'l'), items(10_000, 'u')])
    expect(text?.match(/- name: /g)).toHaveLength(20_001)
  })

  it('handles a long text that was replaced as a whole', () => {
    const text = (word: string) =>
      Array.from({ length: 200_000 }, (_, at) => `line ${word} number ${at}\n`).join('')
    const { conflicts } = mergedFile([text('a'), text('b'), text('c')], 'a.txt')
    expect(conflicts).toMatchObject([{ field: 'lines 1-200000' }])
    const empty = '\n'.repeat(1 << 20)
    expect(mergedFile([empty, `${empty}a\n`, `b\n${empty}`], 'a.txt').conflicts).toEqual([])
  })

  it('does not split texts of millions of lines, which become a conflict without their text', () => {
    const empty = '\n'.repeat(2_000_000)
    const { text, conflicts } = mergedFile([empty, `${empty}a\n`, `b\n${empty}`], 'a.txt')
    expect(text).toBe(`${empty}a\n`)
    const sizes = { original: { size: 2e6 }, local: { size: 2e6 + 2 }, upstream: { size: 2e6 + 2 } }
    expect(conflicts).toEqual([{ path: 'a.txt', object: null, field: '', chosen: 'local', ...sizes }])
    const [conflict] = conflicts as [Conflict]
    const theirs = resourcesOf({ 'a.txt': `b\n${empty}` })
    const chosen = withSide(conflict, 'upstream', resourcesOf({ 'a.txt': text ?? '' }), theirs)
    expect(chosen.get('a.txt')).toEqual(theirs.get('a.txt'))
  })

  it('shows no more of many large texts in its conflicts than fits into an answer', () => {
    const files = (word: string) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}.txt`, word.repeat(500_000)]))
    const { conflicts } = merged(files('a'), files('b'), files('c'))
    expect(conflicts).toHaveLength(30)
    const shown = conflicts.filter(({ local }) => typeof local === 'string')
    expect(shown).toHaveLength(11)
  })

  it('lists the first of many places with conflicts', () => {
    const text = (word: string) => Array.from({ length: 400 }, (_, at) => `${at}\n${word}\n`).join('')
    const { conflicts } = mergedFile([text('a'), text('b'), text('c')], 'a.txt')
    expect(conflicts[0]?.field).toMatch(/^lines 2, 4, 6, .*, 200 and 300 more$/)
  })
})
