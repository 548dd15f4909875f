/** Merges of objects and items that have no name of their own. */
import { describe, expect, it } from 'vitest'
import type { Conflict } from '../../../src/domain/merge/conflict.ts'
import { withSide, withValue } from '../../../src/domain/merge/resolve-conflict.ts'
import { isEdited, merged, mergedFile } from '../../support/merging.ts'
import { resourcesOf, textsOf } from '../../support/texts.ts'

const job = (name: string, image: string, more = '') => `apiVersion: batch/v1
kind: Job
metadata:
  generateName: ${name}
spec:
${more}  template:
    spec:
      restartPolicy: Never
      containers:
        - name: c
          image: ${image}
          args: [${[...image].map((letter) => JSON.stringify(letter)).join(', ')}]
`
const file = (...objects: string[]) => objects.join('---\n')
const EDIT = '  backoffLimit: 0 # never repeat it\n'
const OTHER_EDIT = '  backoffLimit: 5\n'

describe('a merge of objects with generateName', () => {
  const [ONE, TWO] = [job('run-', 'first'), job('run-', 'other:2')]
  const MINE = job('run-', 'other:2', EDIT)

  it('pairs them by it, wherever they are', () => {
    const [backup, migrate] = [job('backup-', 'backup:1'), job('migrate-', 'migrate:1')]
    const mine = job('migrate-', 'migrate:1', EDIT)
    expect(mergedFile([migrate, mine, file(backup, migrate)])).toEqual({
      text: file(backup, mine),
      conflicts: [],
    })
    const moved = merged(
      { 'a.yaml': migrate },
      { 'a.yaml': mine },
      { 'b.yaml': migrate.replace('Never', 'OnFailure') },
    )
    expect(moved).toEqual({ files: { 'b.yaml': mine.replace('Never', 'OnFailure') }, conflicts: [] })
  })

  it.each([
    ['removes the first', [ONE, TWO], [ONE, MINE], [TWO], [MINE]],
    [
      'removes the first, local edited it too',
      [ONE, TWO],
      [ONE, MINE],
      [job('run-', 'other:3')],
      [job('run-', 'other:3', EDIT)],
    ],
    ['adds one in front', [TWO], [MINE], [ONE, TWO], [ONE, MINE]],
    ['puts them in another order', [ONE, TWO], [ONE, MINE], [TWO, ONE], [MINE, ONE]],
    ['removes the second', [TWO, ONE], [MINE, ONE], [TWO], [MINE]],
    ['adds an equal one', [ONE, TWO], [ONE, MINE], [ONE, TWO, TWO], [ONE, MINE, TWO]],
  ])(
    'keeps an edit with its object, and nothing twice, if upstream %s',
    (_, original, local, upstream, expected) => {
      const [text, mine, theirs] = [original, local, upstream].map((jobs) => file(...jobs)) as [
        string,
        string,
        string,
      ]
      expect(mergedFile([text, mine, theirs]).text?.split('---\n')).toEqual(expected)
    },
  )

  it('never gives an edit to an object that is not alike', () => {
    const unlike = 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec: {suspend: true}\n'
    const { text, conflicts } = mergedFile([file(ONE, TWO), file(ONE, MINE), file(ONE, unlike)])
    expect(text).toBe(file(ONE, unlike, MINE))
    expect(conflicts).toMatchObject([{ object: 'batch/Job run-* #3', field: '' }])
  })

  it('keeps both of those that the sides added, unless they are alike', () => {
    const [mine, theirs] = [job('run-', 'abcdefgh'), job('run-', 'ijklmnop')]
    const added = merged({}, { 'a.yaml': mine }, { 'a.yaml': theirs })
    expect(added).toEqual({ files: { 'a.yaml': file(mine, theirs) }, conflicts: [] })
    const { conflicts } = merged({}, { 'a.yaml': MINE }, { 'b.yaml': job('run-', 'other:2', OTHER_EDIT) })
    expect(conflicts).toMatchObject([{ object: 'batch/Job run-*', field: 'spec.backoffLimit' }])
  })

  it('names them in conflicts so that each is found', () => {
    const [mine, theirs] = [job('run-', 'other:2', EDIT), job('run-', 'other:2', OTHER_EDIT)]
    const input = [file(ONE, TWO), file(ONE, mine), file(ONE, theirs)] as const
    const { text = '', conflicts } = mergedFile([...input])
    expect(conflicts).toMatchObject([
      { object: 'batch/Job run-* #2', field: 'spec.backoffLimit', local: 0, upstream: 5 },
    ])
    const [conflict] = conflicts as [Conflict]
    const draft = resourcesOf({ 'a.yaml': text })
    const upstream = resourcesOf({ 'a.yaml': input[2] })
    expect(textsOf(withSide(conflict, 'upstream', draft, upstream))['a.yaml']).toContain('backoffLimit: 5')
    const of = (changed: string) => isEdited(conflict, draft, resourcesOf({ 'a.yaml': changed }))
    expect(of(text.replace('Limit: 0', 'Limit: 1'))).toBe(true)
    expect(of(text.replace('first', 'second'))).toBe(false)
    // It is still in conflict as the only one of its name.
    expect(of(mine)).toBe(false)
    expect(textsOf(withValue(conflict, 7, resourcesOf({ 'a.yaml': mine })))['a.yaml']).toContain(
      'backoffLimit: 7',
    )
    expect(of(ONE)).toBe(true)
  })

  it('puts a deleted one back beside its like', () => {
    const { text = '', conflicts } = mergedFile([file(ONE, TWO), ONE, file(ONE, MINE)])
    expect(text).toBe(ONE)
    expect(conflicts).toMatchObject([{ object: 'batch/Job run-* #2', field: '' }])
    const upstream = resourcesOf({ 'a.yaml': file(ONE, MINE) })
    const back = withSide(conflicts[0] as Conflict, 'upstream', resourcesOf({ 'a.yaml': text }), upstream)
    expect(textsOf(back)['a.yaml']).toBe(file(ONE, MINE))
  })

  it('pairs duplicates of a name by likeness', () => {
    const map = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  key: ${value}\n  x: "1"\n`
    const { text } = mergedFile([
      file(map('a'), map('b')),
      file(map('a'), map('b').replace('"1"', '"2"')),
      map('b'),
    ])
    expect(text).toBe(map('b').replace('"1"', '"2"'))
  })
})

describe('a merge of functions', () => {
  const kptfile = (...functions: string[]) =>
    `apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p\npipeline:\n  mutators:\n${functions.join('')}`
  const fn = (image: string, ...more: string[]) =>
    `    - image: ${image}\n${more.map((line) => `      ${line}\n`).join('')}`
  const merge = (...sides: [string[], string[], string[]]) =>
    mergedFile(sides.map((functions) => kptfile(...functions)) as [string, string, string], 'Kptfile')

  it.each([
    ['a newer image', 'set-namespace:v0.1', 'set-namespace:v0.2'],
    ['a digest', 'host:5000/a/set-namespace:v1', `host:5000/a/set-namespace@sha256:${'a'.repeat(64)}`],
    ['no tag', 'set-namespace', 'set-namespace:v1'],
    ['another function in its place', 'set-namespace:v1', 'set-labels:v1'],
  ])('keeps the function that local added behind one for which upstream has %s', (_, old, now) => {
    const local = fn('local-fixup:v1')
    expect(merge([fn(old)], [fn(old), local], [fn(now)])).toEqual({
      text: kptfile(fn(now), local),
      conflicts: [],
    })
    expect(merge([fn(old)], [local, fn(old)], [fn(now)])).toEqual({
      text: kptfile(local, fn(now)),
      conflicts: [],
    })
  })

  it('takes a newer image together with local changes of the same function', () => {
    const { text, conflicts } = merge(
      [fn('a:v1')],
      [fn('a:v1', 'name: mine', 'configPath: x.yaml')],
      [fn('a:v2')],
    )
    expect(conflicts).toEqual([])
    expect(text).toBe(kptfile(fn('a:v2', 'name: mine', 'configPath: x.yaml')))
  })

  it('tells functions of the same image apart by name, or else by configuration', () => {
    for (const field of ['name', 'configPath']) {
      const [one, two, local] = ['one', 'two', 'local'].map((name) => [`${field}: ${name}`])
      const { text, conflicts } = merge(
        [fn('a:v1', ...(one ?? [])), fn('a:v1', ...(two ?? []))],
        [fn('a:v1', ...(one ?? [])), fn('a:v1', ...(local ?? [])), fn('a:v1', ...(two ?? []), 'exclude: []')],
        [fn('a:v2', ...(one ?? [])), fn('a:v2', ...(two ?? []))],
      )
      expect(conflicts).toEqual([])
      expect(text).toBe(
        kptfile(
          fn('a:v2', ...(one ?? [])),
          fn('a:v1', ...(local ?? [])),
          fn('a:v2', ...(two ?? []), 'exclude: []'),
        ),
      )
    }
  })

  it('finds a named function whose image was replaced', () => {
    const [old, now] = ['gcr.io/kpt-fn/a:v1', 'ghcr.io/kptdev/a:v2']
    const { text, conflicts } = merge(
      [fn(old, 'name: a')],
      [fn(old, 'name: a', 'exclude: []')],
      [fn(now, 'name: a')],
    )
    expect(conflicts).toEqual([])
    expect(text).toBe(kptfile(fn(now, 'name: a', 'exclude: []')))
  })

  it('names a function in a conflict by its image, and finds it after another change of the tag', () => {
    const { text = '', conflicts } = merge(
      [fn('host:5000/a:v1', 'configMap: {b: c}')],
      [fn('host:5000/a:v1', 'configMap: {b: d}')],
      [fn('host:5000/a:v2', 'configMap: {b: e}')],
    )
    expect(conflicts).toMatchObject([{ field: 'pipeline.mutators[image=host:5000/a].configMap.b' }])
    const draft = resourcesOf({ Kptfile: text.replace(':v2', ':v3') })
    expect(textsOf(withValue(conflicts[0] as Conflict, 'mine', draft)).Kptfile).toBe(
      kptfile(fn('host:5000/a:v3', 'configMap: {b: mine}')),
    )
  })

  it('treats a pipeline as one value if nothing tells its functions apart', () => {
    const { conflicts } = merge(
      [fn('a:v1'), fn('a:v1')],
      [fn('a:v1'), fn('a:v1', 'exclude: []')],
      [fn('a:v2'), fn('a:v2')],
    )
    expect(conflicts).toMatchObject([{ field: 'pipeline.mutators' }])
  })
})

describe('a merge of lists', () => {
  const pod = (list: string, ...items: string[]) =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  ${list}:\n${items.map((item) => `    - ${item}\n`).join('')}`

  it.each(['containers', 'initContainers', 'volumes'])('keeps local additions to %s in place', (list) => {
    const [a, b, x] = ['a', 'b', 'x'].map((name) => `name: ${name}`) as [string, string, string]
    expect(mergedFile([pod(list, a), pod(list, a, x), pod(list, b)]).text).toBe(pod(list, b, x))
    expect(mergedFile([pod(list, a), pod(list, x, a), pod(list, b)]).text).toBe(pod(list, x, b))
  })

  it('tells the items of a set apart by type', () => {
    const object = (...items: string[]) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  finalizers:\n${items.map((item) => `  - ${item}\n`).join('')}`
    const both = mergedFile([object('x'), object('x', 'yes', '1'), object('x', '"true"', '"1"')])
    expect(both).toEqual({ text: object('x', 'yes', '1', '"true"', '"1"'), conflicts: [] })
  })

  it('puts what local added to a file behind the object that upstream replaced', () => {
    const map = (name: string, n: number) => `apiVersion: v${n}\nkind: Kind${n}\nmetadata:\n  name: ${name}\n`
    const [old, now, mine] = [map('old', 1), map('now', 2), map('mine', 3)]
    expect(mergedFile([old, file(old, mine), now]).text).toBe(file(now, mine))
    expect(mergedFile([old, file(mine, old), now]).text).toBe(file(mine, now))
  })
})
