import { describe, expect, it } from 'vitest'
import { diffResources, type FileDiff } from '../../../src/domain/diff/diff-resources.ts'
import { formatFieldPath } from '../../../src/domain/krm/field-path.ts'

type Texts = Record<string, string>

function files(texts: Texts): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]))
}

function diff(before: Texts, after: Texts, path?: string): FileDiff[] {
  return diffResources({ before: files(before), after: files(after), path }).files
}

/** What became of the files, in short. */
function changes(before: Texts, after: Texts): string[] {
  return diff(before, after).map(({ path, change, from }) => [change, from, path].filter(Boolean).join(' '))
}

/** What became of the objects of all files, in short. */
function objects(before: Texts, after: Texts): string[] {
  return diff(before, after).flatMap(({ path, objects: found }) =>
    (found ?? []).map(({ object, change, from, fields }) => {
      const paths = fields.map(({ field }) => formatFieldPath(field)).join(' ')
      return [`${path}:`, change, object, from && `from ${from}`, paths].filter(Boolean).join(' ')
    }),
  )
}

const map = (name: string, value = '1') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: "${value}"\n`

describe('files', () => {
  it('are none where none differs', () => {
    expect(diff({ a: 'x' }, { a: 'x' })).toEqual([])
  })

  it('are renamed where the content is the same, to the same name if one has it', () => {
    expect(changes({ 'a/x': 'same\n', 'a/y': 'same\n' }, { 'b/y': 'same\n', 'b/x': 'same\n' })).toEqual([
      'renamed a/x b/x',
      'renamed a/y b/y',
    ])
    expect(changes({ a: 'same\n' }, { b: 'same\n', c: 'same\n' })).toEqual(['renamed a b', 'added c'])
  })

  it('are renamed where half of the lines are the same', () => {
    const [old] = diff({ a: '1\n2\n3\n4\n' }, { b: '1\n2\nx\ny\n' })
    expect(old).toMatchObject({ change: 'renamed', from: 'a', addedLines: 2, removedLines: 2 })
    expect(old?.patch).toContain('similarity index 50%\nrename from a\nrename to b\n')
    expect(changes({ a: '1\n2\n3\n4\n' }, { b: '1\nx\ny\nz\n' })).toEqual(['removed a', 'added b'])
  })

  it('are no renames where they are empty, or still there', () => {
    expect(changes({ a: '' }, { b: '' })).toEqual(['removed a', 'added b'])
    expect(changes({ a: 'same\n' }, { a: 'same\n', b: 'same\n' })).toEqual(['added b'])
  })

  it('are those of a directory where it is asked for, by both paths of a rename', () => {
    const before = { 'a/x': 'x\n', 'a/y': '1\n', ab: '1\n' }
    const after = { 'b/x': 'x\n', 'a/y': '2\n', ab: '2\n' }
    const found = (path: string) => diff(before, after, path).map((file) => file.path)
    expect(found('a')).toEqual(['a/y', 'b/x'])
    expect(found('a/')).toEqual(['a/y', 'b/x'])
    expect(found('b/x')).toEqual(['b/x'])
    expect(found('ab')).toEqual(['ab'])
    expect(found('c')).toEqual([])
  })

  it('stop where all of it is too much, before much is made of it', () => {
    const large = files({ a: 'one\n', b: 'x\n'.repeat(12_000_000) })
    const { files: shown, truncated } = diffResources({ before: files({}), after: large })
    expect(shown.map(({ path }) => path)).toEqual(['a'])
    expect(truncated).toBe(true)
  })
})

describe('objects', () => {
  it('are compared field by field', () => {
    const before = { 'a.yaml': `${map('one')}---\n${map('two')}` }
    const after = { 'a.yaml': `${map('two', '2')}---\n${map('three')}` }
    expect(objects(before, after)).toEqual([
      'a.yaml: changed ConfigMap two data.key',
      'a.yaml: added ConfigMap three',
      'a.yaml: removed ConfigMap one',
    ])
  })

  it('are the same in another file', () => {
    const before = { 'all.yaml': `${map('one')}---\n${map('two')}---\n${map('three')}` }
    const after = { 'all.yaml': map('one'), 'three.yaml': map('three'), 'two.yaml': map('two', '2') }
    expect(objects(before, after)).toEqual([
      'three.yaml: moved ConfigMap three from all.yaml',
      'two.yaml: changed ConfigMap two from all.yaml data.key',
    ])
  })

  it('have not moved where their file is renamed', () => {
    const long = `# ${'words '.repeat(50)}\n`
    expect(objects({ 'a.yaml': long + map('one') }, { 'b.yaml': long + map('one', '2') })).toEqual([
      'b.yaml: changed ConfigMap one data.key',
    ])
    expect(diff({ 'a.yaml': map('one') }, { 'b.yaml': map('one') })[0]).toMatchObject({ objects: [] })
  })

  it('are none in a file whose comments differ alone, and missing in one that is no KRM', () => {
    expect(diff({ 'a.yaml': map('one') }, { 'a.yaml': `# new\n${map('one')}` })[0]?.objects).toEqual([])
    expect(diff({ 'a.yaml': 'a: 1\n' }, { 'a.yaml': map('one') })[0]?.objects).toBeUndefined()
    expect(diff({ 'a.txt': map('one') }, { 'a.txt': map('two') })[0]?.objects).toBeUndefined()
    const large = (value: string) => map('one', value.repeat(4 * 1024 * 1024 + 1))
    const [file] = diff(
      { 'a.yaml': large('a'), 'b.yaml': large('b') },
      { 'a.yaml': large('c'), 'b.yaml': large('d') },
    )
    expect(file?.objects).toBeUndefined()
  })

  it('without a name are told apart by their files', () => {
    const kustomization = (resource: string) =>
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ${resource}\n`
    const before = { 'a/kustomization.yaml': kustomization('x'), 'b/kustomization.yaml': kustomization('y') }
    const after = { 'b/kustomization.yaml': kustomization('z') }
    expect(objects(before, after)).toEqual([
      'a/kustomization.yaml: removed kustomize.config.k8s.io/Kustomization',
      'b/kustomization.yaml: changed kustomize.config.k8s.io/Kustomization resources[=y] resources[=z]',
    ])
  })

  it('of custom types have the lists of the definitions in either version', () => {
    const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: plans.example.com}
spec:
  group: example.com
  names: {kind: Plan}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          properties:
            steps:
              x-kubernetes-list-type: map
              x-kubernetes-list-map-keys: [id]
              items: {properties: {id: {type: string}}}
`
    const plan = (count: number) =>
      `apiVersion: example.com/v1\nkind: Plan\nmetadata: {name: p}\nsteps:\n  - id: a\n    count: 1\n  - id: b\n    count: ${count}\n`
    const changed = ['plan.yaml: changed example.com/Plan p steps[id=b].count']
    const [before, after] = [{ 'plan.yaml': plan(1) }, { 'plan.yaml': plan(2) }]
    expect(objects({ ...before, 'crd.yaml': definition }, { ...after, 'crd.yaml': definition })).toEqual(
      changed,
    )
    expect(objects(before, { ...after, 'crd.yaml': definition })).toEqual([
      'crd.yaml: added apiextensions.k8s.io/CustomResourceDefinition plans.example.com',
      ...changed,
    ])
    expect(objects(before, after)).toEqual(['plan.yaml: changed example.com/Plan p steps'])
  })
})
