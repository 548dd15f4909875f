/** Merges of objects in a `kind: List`, as `kubectl get` prints them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import type { Conflict, Side } from '../../../src/domain/merge/conflict.ts'
import { withSide, withValue } from '../../../src/domain/merge/resolve-conflict.ts'
import { isEdited, merged, mergedFile } from '../../support/merging.ts'
import { changed, randomFieldChanges, randomPackage } from '../../support/random-packages.ts'
import { searching } from '../../support/sizes.ts'
import { resourcesOf, textsOf } from '../../support/texts.ts'

const list = (...items: string[]) => {
  const text = items.map((item) => item.replace(/^(?=.)/gm, '  ').replace(/^ {2}/, '- '))
  return `apiVersion: v1\nkind: List\nitems:\n${text.join('')}`
}
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1 # one is enough
  strategy: {}
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.27
        env:
        - name: LOG
          value: info
`
const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
  - port: 80
`
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: one\n'

describe('a merge of a list of objects', () => {
  it('merges its objects by identity, each with the rules of its kind', () => {
    const original = list(DEPLOYMENT, SERVICE)
    const local = list(
      MAP,
      DEPLOYMENT.replace('replicas: 1', 'replicas: 3').replace(
        /$/,
        '        - name: MINE\n          value: a\n',
      ),
      SERVICE.concat('  - port: 81\n'),
    )
    const upstream = list(
      SERVICE.concat('  - port: 82\n'),
      DEPLOYMENT.replace('1.27', '1.28').replace(/$/, '        - name: THEIRS\n          value: b\n'),
    )
    const { text, conflicts } = mergedFile([original, local, upstream])
    expect(conflicts).toEqual([])
    expect(text).toBe(
      list(
        MAP,
        SERVICE.concat('  - port: 81\n  - port: 82\n'),
        DEPLOYMENT.replace('replicas: 1', 'replicas: 3')
          .replace('1.27', '1.28')
          .replace(
            /$/,
            '        - name: MINE\n          value: a\n        - name: THEIRS\n          value: b\n',
          ),
      ),
    )
  })

  it('takes an object that upstream removed out, and keeps what local added behind it', () => {
    const { text, conflicts } = mergedFile([
      list(DEPLOYMENT, SERVICE),
      list(DEPLOYMENT, MAP, SERVICE),
      list(SERVICE),
    ])
    expect(conflicts).toEqual([])
    expect(text).toBe(list(MAP, SERVICE))
  })

  it('merges the items of a list of one kind, and of lists in lists', () => {
    const maps = (a: string, b: string) =>
      `apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n  data: {x: ${a}}\n- metadata: {name: b}\n  data: {x: ${b}}\n`
    expect(mergedFile([maps('o', 'o'), maps('l', 'o'), maps('o', 'u')])).toEqual({
      text: maps('l', 'u'),
      conflicts: [],
    })
    const nested = list(maps('l', 'l'), SERVICE)
    const { text, conflicts } = mergedFile([
      list(maps('o', 'o'), SERVICE),
      nested,
      list(maps('o', 'u'), SERVICE),
    ])
    expect(text).toBe(nested)
    expect(conflicts).toMatchObject([
      { object: 'ConfigMap b', field: 'data.x', original: 'o', local: 'l', upstream: 'u' },
    ])
  })

  it('names the object in it in conflicts, and resolves them', () => {
    const upstream = list(SERVICE.replace('80', '81'), DEPLOYMENT.replace('1.27', '1.29'))
    const { text = '', conflicts } = mergedFile([
      list(DEPLOYMENT, SERVICE),
      list(DEPLOYMENT.replace('1.27', '1.28')),
      upstream,
    ])
    expect(text).toBe(list(DEPLOYMENT.replace('1.27', '1.28')))
    expect(conflicts).toMatchObject([
      {
        object: 'apps/Deployment web',
        field: 'spec.template.spec.containers[name=web].image',
        local: 'nginx:1.28',
      },
      { object: 'Service web', field: '', upstream: { kind: 'Service' } },
    ])
    const [image, service] = conflicts as [Conflict, Conflict]
    const draft = resourcesOf({ 'a.yaml': text })
    const resolved = [image, service].reduce(
      (now, conflict) => withSide(conflict, 'upstream', now, resourcesOf({ 'a.yaml': upstream })),
      draft,
    )
    expect(textsOf(resolved)['a.yaml']).toBe(
      list(DEPLOYMENT.replace('1.27', '1.29'), SERVICE.replace('80', '81')),
    )
    expect(isEdited(image, draft, resolved)).toBe(true)
    expect(isEdited(service, draft, resolved)).toBe(true)
    expect(textsOf(withValue(image, 'mine', draft))['a.yaml']).toBe(
      list(DEPLOYMENT.replace('nginx:1.27', 'mine')),
    )
    const removed = withSide({ ...service, chosen: 'upstream' }, 'local', resolved, draft)
    expect(textsOf(removed)['a.yaml']).toBe(list(DEPLOYMENT.replace('1.27', '1.29')))
    // The object may have left the list meanwhile.
    const alone = resourcesOf({ 'b.yaml': DEPLOYMENT.replace('1.27', '1.28') })
    expect(isEdited(image, draft, alone)).toBe(false)
    expect(textsOf(withValue(image, 'mine', alone))).toEqual({
      'b.yaml': DEPLOYMENT.replace('nginx:1.27', 'mine'),
    })
  })

  it('knows the one-ofs of the objects in it', () => {
    const strategy = (value: string) =>
      list(SERVICE, DEPLOYMENT.replace('strategy: {}', `strategy: ${value}`))
    const [local, upstream] = [strategy('{type: Recreate}'), strategy('{rollingUpdate: {maxSurge: 1}}')]
    const { text, conflicts } = mergedFile([strategy('{}'), local, upstream])
    expect(text).toBe(local)
    expect(conflicts).toMatchObject([{ object: 'apps/Deployment web', field: 'spec.strategy' }])
  })

  it('pairs objects with generateName by likeness, and numbers those of the whole file', () => {
    const job = (args: string, more = '') =>
      `apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: run-\n${more}spec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: ${args}\n        args: ${args}\n`
    const [one, two] = [job('one'), job('two')]
    const mine = job('two', 'mine: 1\n')
    expect(mergedFile([list(one, two), list(one, mine), list(two)])).toEqual({
      text: list(mine),
      conflicts: [],
    })
    const theirs = job('two', 'mine: 2\n')
    const before = `${one}---\n`
    const { conflicts } = mergedFile([
      before + list(one, two),
      before + list(one, mine),
      before + list(one, theirs),
    ])
    expect(conflicts).toMatchObject([{ object: 'batch/Job run-* #3', field: 'mine', local: 1, upstream: 2 }])
  })

  it('treats a list with anything else in it as one value', () => {
    const { conflicts } = mergedFile([list(SERVICE), list(SERVICE, 'x\n'), list(SERVICE, 'y: 1\n')])
    expect(conflicts).toMatchObject([{ object: 'List', field: 'items' }])
    const own = (...hosts: string[]) =>
      `apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [${hosts.join(', ')}]\n`
    expect(mergedFile([own('a'), own('a', 'b'), own('a', 'c')]).conflicts).toMatchObject([
      { object: 'example.com/AllowList a', field: 'items' },
    ])
  })

  it('uses the definitions in a list', () => {
    const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: farms.example.com}
spec:
  group: example.com
  names: {kind: Farm}
  versions:
  - name: v1
    schema: {openAPIV3Schema: {properties: {tags: {x-kubernetes-list-type: set}}}}
`
    const farm = (tags: string) =>
      `apiVersion: example.com/v1\nkind: Farm\nmetadata: {name: a}\ntags: [${tags}]\n`
    const files = (tags: string) => ({ 'a.yaml': list(definition, SERVICE), 'b.yaml': list(farm(tags)) })
    const { files: result, conflicts } = merged(files('a'), files('a, b'), files('a, c'))
    expect(conflicts).toEqual([])
    expect(result['b.yaml']).toBe(list(farm('a, b, c')))
  })
})

describe('a merge of a random list of objects', () => {
  it('is the merge of a file with these objects', () => {
    const input = fc.record({
      files: randomPackage,
      local: randomFieldChanges,
      upstream: randomFieldChanges,
      side: fc.constantFrom<Side>('local', 'upstream'),
    })
    fc.assert(
      fc.property(input, ({ files, local, upstream, side }) => {
        const sides = [files, changed(files, local), changed(files, upstream)].map((all) =>
          Object.values(all).flat(),
        )
        fc.pre(sides.every((objects) => objects.length > 0))
        const [original, ours, theirs] = sides.map((objects) => objects.map((each) => JSON.stringify(each)))
        const asFile = (objects: string[] = []) => `${objects.join('\n---\n')}\n`
        const asList = (objects: string[] = []) =>
          `{"apiVersion": "v1", "kind": "List", "items": [${objects}]}\n`
        const file = mergedFile([asFile(original), asFile(ours), asFile(theirs)], 'a.yaml', side)
        const list = mergedFile([asList(original), asList(ours), asList(theirs)], 'a.yaml', side)
        expect(byName(list.conflicts)).toEqual(byName(file.conflicts))
        const read = (text = '') => readKrmFile(Buffer.from(text))?.documents.map(({ value }) => value)
        expect(read(list.text)?.flatMap(({ items }) => items)).toEqual(read(file.text))
      }),
      searching(60),
    )
  })

  function byName(conflicts: readonly Conflict[]): Conflict[] {
    return conflicts.toSorted((a, b) => (`${a.object} ${a.field}` < `${b.object} ${b.field}` ? -1 : 1))
  }
})
