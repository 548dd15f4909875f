/** Merges of objects that were added, deleted, renamed, or moved to other files. */
import { describe, expect, it } from 'vitest'
import { merged, mergedFile } from '../../support/merging.ts'

const map = (name: string, data: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}data:\n  a: "1"\n  b: "1"\n  c: "1"\n  d: ${data}\n`
const ONE = map('one', 'x')
const TWO = map('two', 'x')

describe('a merge of an object', () => {
  it('moves it where upstream moved it, with the edits of local', () => {
    const local = { 'a.yaml': `${ONE.replace('x', 'mine')}---\n${TWO}` }
    const { files, conflicts } = merged({ 'a.yaml': `${ONE}---\n${TWO}` }, local, {
      'a.yaml': TWO,
      'b.yaml': ONE,
    })
    expect(conflicts).toEqual([])
    expect(files).toEqual({ 'b.yaml': ONE.replace('x', 'mine'), 'a.yaml': TWO })
  })

  it('leaves it where local moved it', () => {
    const { files } = merged({ 'a.yaml': ONE }, { 'c.yaml': ONE }, { 'a.yaml': ONE.replace('x', 'theirs') })
    expect(files).toEqual({ 'c.yaml': ONE.replace('x', 'theirs') })
  })

  it.each([
    ['in another namespace', map('one', 'x', '  namespace: shop\n')],
    ['under another name', map('uno', 'x')],
    [
      'under another name that kpt noted',
      map('uno', 'w').replace('metadata:', 'metadata: # kpt-merge: /one'),
    ],
    [
      'with other content, under another name that kpt noted',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: # kpt-merge: /one\n  name: z\n',
    ],
  ])('finds it %s', (_, local) => {
    const upstream = ONE.replace('name: one', 'name: one\n  labels:\n    a: b')
    const { files, conflicts } = merged({ 'a.yaml': ONE }, { 'a.yaml': local }, { 'a.yaml': upstream })
    expect(conflicts).toEqual([])
    expect(files['a.yaml']).toContain('  labels:\n    a: b\n')
    expect(files['a.yaml']).toContain(/ {2}name: \w+/.exec(local)?.[0])
  })

  it('keeps the note of kpt although upstream drops it', () => {
    const original = ONE.replace('metadata:', 'metadata: # kpt-merge: /one')
    const { text } = mergedFile([
      original,
      original.replace('name: one', 'name: mine'),
      ONE.replace('x', 'theirs'),
    ])
    expect(text).toBe(original.replace('name: one', 'name: mine').replace('x', 'theirs'))
  })

  it('uses the new name of upstream in conflicts', () => {
    const upstream = ONE.replace('name: one', 'name: uno').replace('x', 'theirs')
    const { conflicts } = mergedFile([ONE, ONE.replace('x', 'mine'), upstream])
    expect(conflicts).toMatchObject([{ object: 'ConfigMap uno', field: 'data.d' }])
  })

  it('does not pair it with an object that has the new name already', () => {
    const { files, conflicts } = merged(
      { 'a.yaml': ONE },
      { 'a.yaml': TWO },
      { 'a.yaml': `${ONE}---\n${TWO.replace('x', 'z')}` },
    )
    expect(files['a.yaml']).toBe(TWO)
    expect(conflicts).toMatchObject([{ object: 'ConfigMap two', field: 'data.d', local: 'x', upstream: 'z' }])
  })

  it('deletes it if one side did, unless the other changed it', () => {
    expect(merged({ 'a.yaml': ONE }, {}, { 'a.yaml': ONE })).toEqual({ files: {}, conflicts: [] })
    expect(merged({ 'a.yaml': ONE }, { 'a.yaml': ONE }, {})).toEqual({ files: {}, conflicts: [] })
    const changed = { 'a.yaml': ONE.replace('x', 'w') }
    const conflict = { path: 'a.yaml', object: 'ConfigMap one', field: '' }
    for (const prefer of ['local', 'upstream'] as const) {
      const deletedHere = merged({ 'a.yaml': ONE }, {}, changed, prefer)
      expect(deletedHere.conflicts).toMatchObject([{ ...conflict, chosen: prefer }])
      expect(deletedHere.files).toEqual(prefer === 'local' ? {} : changed)
      const deletedThere = merged({ 'a.yaml': ONE }, changed, {}, prefer)
      expect(deletedThere.conflicts).toMatchObject([{ ...conflict, chosen: prefer }])
      expect(deletedThere.files).toEqual(prefer === 'local' ? changed : {})
    }
  })

  it('deletes it although kpt annotated it locally', () => {
    const mark = '  annotations:\n    internal.kpt.dev/upstream-identifier: "|ConfigMap|default|one"\n'
    expect(merged({ 'a.yaml': ONE }, { 'a.yaml': map('one', 'x', mark) }, {})).toEqual({
      files: {},
      conflicts: [],
    })
  })

  it('merges it if both sides added it', () => {
    const { files, conflicts } = merged(
      {},
      { 'a.yaml': ONE },
      { 'b.yaml': ONE.replace('x', 'z').replace('  c: "1"\n', '') },
    )
    expect(conflicts).toMatchObject([{ path: 'a.yaml', field: 'data.d', local: 'x', upstream: 'z' }])
    expect(conflicts[0]).not.toHaveProperty('original')
    expect(files).toEqual({ 'a.yaml': ONE })
  })
})

describe('a merge of several objects in a file', () => {
  it('inserts new objects where upstream has them, and keeps local ones in place', () => {
    const [o, n, m] = ['three', 'new', 'mine'].map((name) => map(name, 'x'))
    const { text, conflicts } = mergedFile([
      `# License\n---\n${ONE}---\n${TWO}---\n${o}`,
      `# License\n---\n${ONE}---\n${TWO.replace('x', 'edited')}--- # my own\n${m}---\n${o}# end\n`,
      `# License 2\n---\n${ONE}---\n# about new\n${n}---\n${TWO}---\n${o}`,
    ])
    expect(conflicts).toEqual([])
    expect(text).toBe(
      `# License 2\n---\n${ONE}---\n# about new\n${n}---\n${TWO.replace('x', 'edited')}--- # my own\n${m}---\n${o}# end\n`,
    )
  })

  it('accepts a file without a line feed at the end', () => {
    const { text } = mergedFile([
      ONE.trimEnd(),
      ONE.trimEnd().replace('a: "1"', 'a: "2"'),
      `${ONE}---\n${TWO}`,
    ])
    expect(text).toBe(`${ONE.trimEnd().replace('a: "1"', 'a: "2"')}\n---\n${TWO}`)
  })
})
