import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIdentity } from '../../../src/domain/krm/identity.ts'
import { isKptfile, isKrmPath, type KrmFile, readKrmFile } from '../../../src/domain/krm/krm-file.ts'

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`

function read(text: string): KrmFile | undefined {
  return readKrmFile(Buffer.from(text))
}

function written({ documents, tail }: KrmFile): string {
  return documents.map(({ head, body }) => head + body).join('') + tail
}

function names(text: string): string[] | undefined {
  return read(text)?.documents.map(({ identity }) => formatIdentity(identity))
}

const piece = fc.constantFrom(
  '---\n',
  '--- # a comment\n',
  '---\t\n',
  '# a comment\n',
  '\n',
  '   \n',
  'null\n',
  map('a'),
  map('b'),
  `# first\n${map('c')}# last\n`,
  `${map('d')}data:\n  text: |\n    ---\n    x\n\n  more: "a\n    b"\n`,
)

describe('readKrmFile', () => {
  it('keeps every byte in the heads, bodies and tail of a file', () => {
    const file = fc
      .tuple(fc.boolean(), fc.array(piece, { maxLength: 12 }), fc.boolean(), fc.boolean())
      .map(([mark, pieces, windows, end]) => {
        const text = pieces.join('')
        return `${mark ? '\uFEFF' : ''}${windows ? text.replaceAll('\n', '\r\n') : text}${end ? '' : '---'}`
      })
    let objects = 0
    fc.assert(
      fc.property(file, (text) => {
        const found = read(text)
        if (!found) return
        objects += found.documents.length
        expect(written(found)).toBe(text)
      }),
      { numRuns: 500 },
    )
    expect(objects).toBeGreaterThan(100)
  })

  it.each([
    ['one', map('a'), ['ConfigMap a']],
    ['several', `${map('a')}---\n${map('b')}`, ['ConfigMap a', 'ConfigMap b']],
    [
      'separators with comments',
      `--- # first\n${map('a')}--- # second\n${map('b')}`,
      ['ConfigMap a', 'ConfigMap b'],
    ],
    [
      'CRLF line endings',
      `---\r\n${map('a').replaceAll('\n', '\r\n')}--- # b\r\n${map('b')}`,
      ['ConfigMap a', 'ConfigMap b'],
    ],
    ['a byte order mark', `\uFEFF${map('a')}`, ['ConfigMap a']],
    ['a byte order mark and a separator', `\uFEFF---\n${map('a')}`, ['ConfigMap a']],
    ['empty documents', `---\n# nothing\n---\n${map('a')}---\n`, ['ConfigMap a']],
    ['no line feed at the end', map('a').trimEnd(), ['ConfigMap a']],
    [
      'flow style',
      '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}',
      ['apps/Deployment a'],
    ],
  ])('reads a file with %s', (_what, text, expected) => {
    expect(names(text)).toEqual(expected)
    expect(written(read(text) as KrmFile)).toBe(text)
  })

  it('assigns a comment before an object to the object, and one before the separator to the head', () => {
    const { documents, tail } = read(`# head\n---\n# own\n${map('a')}---\n# tail\n`) as KrmFile
    expect(documents[0]).toMatchObject({ head: '# head\n---\n', body: `# own\n${map('a')}` })
    expect(tail).toBe('---\n# tail\n')
  })

  it.each([
    ['no content', ''],
    ['only comments', '# x\n'],
    ['another document', `${map('a')}---\na: 1\n`],
    ['a list', '- a\n'],
    ['invalid YAML', `${map('a')}x: [\n`],
    ['directives', `%YAML 1.2\n---\n${map('a')}`],
    ['a document end marker', `${map('a')}...\n`],
    ['a document end marker with a comment', `${map('a')}... # end\n`],
    ['an object on the line of a separator', '--- {apiVersion: v1, kind: A, metadata: {name: a}}\n'],
    ['a duplicate key', `${map('a')}kind: Secret\n`],
    ['a kind that is not a string', 'apiVersion: v1\nkind: 1\n'],
    ['binary content', '\0'],
  ])('refuses a file with %s', (_what, text) => {
    expect(read(text)).toBeUndefined()
  })
})

describe('isKrmPath', () => {
  it('recognizes files by name', () => {
    for (const path of ['a.yaml', 'b/c.YML', 'Kptfile', 'sub/Kptfile'])
      expect(isKrmPath(path), path).toBe(true)
    for (const path of ['a.json', 'xKptfile', 'yaml']) expect(isKrmPath(path), path).toBe(false)
    expect(isKptfile('a/Kptfile.yaml')).toBe(false)
  })
})

describe('the identity of an object', () => {
  it.each([
    ['metadata: {name: a, namespace: b}', 'apps/Deployment b/a'],
    ['metadata: {name: 1}', 'apps/Deployment 1'],
    ['spec: {}', 'apps/Deployment'],
    ['metadata: # kpt-merge: up/stream\n  name: a\n  namespace: b', 'apps/Deployment up/stream'],
    ['metadata:  # kpt-merge: /stream\n  name: a\n  namespace: b', 'apps/Deployment stream'],
    ['metadata:\n  # kpt-merge: up/stream\n  name: a', 'apps/Deployment up/stream'],
    ['metadata:\n  name: a # kpt-merge: up/stream', 'apps/Deployment a'],
    ['metadata: # kpt-merge: nonsense\n  name: a', 'apps/Deployment a'],
  ])('with %j is %s', (metadata, expected) => {
    expect(names(`apiVersion: apps/v1\nkind: Deployment\n${metadata}\n`)).toEqual([expected])
  })
})
