import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify, type YAMLMap } from 'yaml'
import { type JsonObject, jsonOf } from '../../../src/domain/krm/json-value.ts'
import { listTypesOf } from '../../../src/domain/krm/list-types.ts'
import { rewrite } from '../../../src/domain/krm/rewrite.ts'
import { parseSource, type SourceDocument } from '../../../src/domain/krm/source-text.ts'
import { type Fields, randomFields, randomStyle, renderObject } from '../../support/random-packages.ts'
import { searching } from '../../support/sizes.ts'

const NO_TYPES = listTypesOf({ group: '', kind: 'ConfigMap' })
const DEPLOYMENT = listTypesOf({ group: 'apps', kind: 'Deployment' })

function source(body: string): SourceDocument {
  const document = parseSource(body)
  expect(document.errors).toEqual([])
  return { body, document, root: document.contents as YAMLMap.Parsed }
}

function read(body: string): JsonObject {
  const { document, root } = source(body)
  return jsonOf(root, document) as JsonObject
}

/** Rewrites a text to the value of another one, which is also the donor. */
function edited(body: string, wanted: string, listTypes = NO_TYPES): string {
  return rewrite(source(body), read(wanted), listTypes, source(wanted)) ?? 'no text'
}

const object = randomFields.map((fields): Fields => ({ metadata: { name: 'x' }, keep: 1, ...fields }))

/** An object, and either another one or a mix of both. */
const twoObjects = fc.tuple(object, object, fc.boolean()).map(([source, other, isMixed]) => {
  const some = Object.entries(other).filter((_, at) => at % 2 === 1)
  return { source, target: isMixed ? { ...source, ...Object.fromEntries(some) } : other }
})

describe('rewrite of random documents', () => {
  it('produces exactly the target value', () => {
    fc.assert(
      fc.property(twoObjects, randomStyle, randomStyle, ({ source: before, target }, style, other) => {
        const from = source(renderObject(before, style))
        const text = rewrite(from, target, NO_TYPES, source(renderObject(target, other))) ?? ''
        expect(read(text)).toEqual(target)
        const alone = rewrite(from, target, NO_TYPES) ?? ''
        expect(read(alone)).toEqual(target)
      }),
      searching(300),
    )
  })

  it('keeps the lines of unchanged fields', () => {
    fc.assert(
      fc.property(twoObjects, randomStyle, ({ source: before, target }, style) => {
        const text = rewrite(source(renderObject(before, style)), target, NO_TYPES)
        for (const [key, value] of Object.entries(before)) {
          if (stringify(value) !== stringify((target as Fields)[key])) continue
          const lines = renderObject({ metadata: { name: 'x' }, [key]: value }, style)
          const own = lines.slice(renderObject({ metadata: { name: 'x' } }, style).length)
          expect(text).toContain(own)
        }
      }),
      searching(300),
    )
  })
})

describe('rewrite', () => {
  it('changes a value in place, and keeps its style', () => {
    expect(edited('a: \'x\' # one\nb: "w"   # two\n', 'a: z\nb: w\n')).toBe('a: z # one\nb: "w"   # two\n')
    expect(edited('a:   1\nb: |\n  text\nc: 3\n', 'a: 2\nb: |\n  text\nc: 3\n')).toBe(
      'a:   2\nb: |\n  text\nc: 3\n',
    )
  })

  it('edits inside a flow collection, and keeps the rest of it', () => {
    expect(edited(`r: { cpu: "1",  mem: '2Gi' } # c\n`, 'r:\n  cpu: 2\n  mem: 2Gi\n')).toBe(
      `r: { cpu: 2,  mem: '2Gi' } # c\n`,
    )
    expect(edited(`r: {cpu: "1", mem: '2Gi'}\n`, `r: {mem: 2Gi}\n`)).toBe(`r: {mem: '2Gi'}\n`)
    expect(edited(`r: {cpu: "1", mem: '2Gi'}\n`, `r: {cpu: "1"}\n`)).toBe(`r: {cpu: "1"}\n`)
    expect(edited(`r: {cpu: "1"}\n`, `r: {cpu: "1", mem: 2Gi}\n`)).toBe(`r: {cpu: "1", mem: 2Gi}\n`)
    expect(edited(`r: ['1', "2",3]\n`, `r: ['1', "2", 4]\n`)).toBe(`r: ['1', "2",4]\n`)
  })

  it('keeps JSON valid JSON', () => {
    const before = '{\n  "kind": "A",\n  "metadata": {\n    "name": "x"\n  }\n}\n'
    const after = before.replace('"x"\n', '"x",\n    "labels": {"a":"b"}\n')
    expect(edited(before, after)).toBe(after)
    expect(JSON.parse(edited(before, 'kind: A\nmetadata:\n  name: z\n  labels: {a: b}\n'))).toEqual({
      kind: 'A',
      metadata: { name: 'z', labels: { a: 'b' } },
    })
  })

  it('keeps anchors whose values stay', () => {
    const before = 'a: &x\n  k: 1 # one\nb: *x\nc: 3\n'
    expect(edited(before, 'a:\n  k: 1\nb:\n  k: 1\nc: 4\n')).toBe('a: &x\n  k: 1 # one\nb: *x\nc: 4\n')
    const apart = edited(before, 'a:\n  k: 2\nb:\n  k: 1\nc: 3\n')
    expect(read(apart)).toEqual({ a: { k: 2 }, b: { k: 1 }, c: 3 })
  })

  it('keeps CRLF line endings', () => {
    expect(edited('a: 1\r\nb: 2\r\n', 'a: 1\nb: 3\nc:\n  - 4\n')).toBe('a: 1\r\nb: 3\r\nc:\r\n  - 4\r\n')
    expect(edited('a: 1\r\nb: 2\n', 'a: 1\nb: 3\n')).toBe('a: 1\r\nb: 3\n')
  })

  it('adds no line feed at the end', () => {
    expect(edited('a: 1\nb: 2', 'a: 1\nb: 3\nc: 4\n')).toBe('a: 1\nb: 3\nc: 4')
    expect(edited('a: 1\nb: 2', 'a: 1\n')).toBe('a: 1')
  })

  it('inserts new parts where the donor has them, with their comments', () => {
    const donor = 'a: 1\n# about b\nb: 2 # two\nc: 3\n'
    expect(edited('a: 1\nc: 3\nown: 4\n', `${donor}own: 4\n`)).toBe(`${donor}own: 4\n`)
  })

  it('follows the indentation of the existing lists', () => {
    const spec = (dash: string) =>
      `spec:\n  template:\n    spec:\n      containers:\n${dash}- name: a\n${dash}  env:\n${dash}  - name: X\n${dash}    value: "1"\n`
    const donor = `${spec('        ')}            - name: Y\n              value: "2"\n`.replace(
      '          env:\n          - name: X\n            value: "1"\n',
      '          env:\n            - name: X\n              value: "1"\n',
    )
    expect(edited(spec('      '), donor, DEPLOYMENT)).toBe(
      `${spec('      ')}        - name: Y\n          value: "2"\n`,
    )
  })

  it('removes and reorders items together with their comments', () => {
    const body =
      'spec:\n  template:\n    spec:\n      containers:\n      # first\n      - name: a\n      # second\n      - name: b # b\n'
    const items = (...names: string[]) => ({
      spec: { template: { spec: { containers: names.map((name) => ({ name })) } } },
    })
    expect(rewrite(source(body), items('b', 'a'), DEPLOYMENT)).toBe(
      'spec:\n  template:\n    spec:\n      containers:\n      # second\n      - name: b # b\n      # first\n      - name: a\n',
    )
    expect(rewrite(source(body), items('a'), DEPLOYMENT)).toBe(
      'spec:\n  template:\n    spec:\n      containers:\n      # first\n      - name: a\n',
    )
  })

  it('edits a field with an explicit key', () => {
    expect(edited('? a # one\n: 1\nb: 2\n', 'a: 1\nb: 3\n')).toBe('? a # one\n: 1\nb: 3\n')
    expect(edited('? a # one\n: 1\nb: 2\n', 'a: [x]\nb: 2\n')).toBe('? a # one\n: [x]\nb: 2\n')
    expect(edited('? a\n? b\n', 'a: 1\nb:\n')).toBe('? a\n: 1\n? b\n')
    expect(edited('? a\n: 1\n!!str b: 2\nc: 3\n', '!!str b: 2\nc: 3\n')).toBe('!!str b: 2\nc: 3\n')
  })

  it('gives no text for a document of which nothing stays', () => {
    expect(edited('a: 1\n', 'b: 2\n')).toBe('no text')
  })
})
