import { describe, expect, it } from 'vitest'
import { diffResources, type FileDiff } from '../../../src/domain/diff/diff-resources.ts'
import { formatFieldPath } from '../../../src/domain/krm/field-path.ts'
import { filesOf, type Texts } from '../../support/texts.ts'

function diff(before: Texts, after: Texts, path?: string): FileDiff[] {
  return diffResources({ before: filesOf(before), after: filesOf(after), path }).files
}

/** Returns the changes of the files, each as `<change> <from> <path>`. */
function changes(before: Texts, after: Texts): string[] {
  return diff(before, after).map(({ path, change, from }) => [change, from, path].filter(Boolean).join(' '))
}

/** Returns the changes of the objects of all files, each in one line. */
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

describe('diffResources of files', () => {
  it('returns nothing for equal files', () => {
    expect(diff({ a: 'x' }, { a: 'x' })).toEqual([])
  })

  it('finds renames of unchanged files, preferably to the same name', () => {
    expect(changes({ 'a/x': 'same\n', 'a/y': 'same\n' }, { 'b/y': 'same\n', 'b/x': 'same\n' })).toEqual([
      'renamed a/x b/x',
      'renamed a/y b/y',
    ])
    expect(changes({ a: 'same\n' }, { b: 'same\n', c: 'same\n' })).toEqual(['renamed a b', 'added c'])
  })

  it('finds renames of files that keep half of their lines', () => {
    const [old] = diff({ a: '1\n2\n3\n4\n' }, { b: '1\n2\nx\ny\n' })
    expect(old).toMatchObject({ change: 'renamed', from: 'a', addedLines: 2, removedLines: 2 })
    expect(old?.patch).toContain('similarity index 50%\nrename from a\nrename to b\n')
    expect(changes({ a: '1\n2\n3\n4\n' }, { b: '1\nx\ny\nz\n' })).toEqual(['removed a', 'added b'])
  })

  it('takes neither empty files nor remaining ones for renamed', () => {
    expect(changes({ a: '' }, { b: '' })).toEqual(['removed a', 'added b'])
    expect(changes({ a: 'same\n' }, { a: 'same\n', b: 'same\n' })).toEqual(['added b'])
  })

  it('limits the diff to a path, before or after a rename', () => {
    const before = { 'a/x': 'x\n', 'a/y': '1\n', ab: '1\n' }
    const after = { 'b/x': 'x\n', 'a/y': '2\n', ab: '2\n' }
    const found = (path: string) => diff(before, after, path).map((file) => file.path)
    expect(found('a')).toEqual(['a/y', 'b/x'])
    expect(found('a/')).toEqual(['a/y', 'b/x'])
    expect(found('b/x')).toEqual(['b/x'])
    expect(found('ab')).toEqual(['ab'])
    expect(found('c')).toEqual([])
  })

  it.each([
    [
      'a file that became executable',
      filesOf({ a: 'x\n' }),
      filesOf({ a: 'x\n' }, 'a'),
      true,
      'old mode 100644\nnew mode 100755\n',
    ],
    [
      'a file that no longer is',
      filesOf({ a: '\0' }, 'a'),
      filesOf({ a: '\0' }),
      false,
      'old mode 100755\nnew mode 100644\n',
    ],
    [
      'an empty file',
      filesOf({ a: '' }),
      filesOf({ a: '' }, 'a'),
      true,
      'old mode 100644\nnew mode 100755\n',
    ],
  ])('shows the mode alone of %s', (_, before, after, executable, modes) => {
    expect(diffResources({ before, after }).files).toEqual([
      {
        path: 'a',
        change: 'changed',
        executable,
        binary: [...before.resources.values()].some((content) => content.includes(0)),
        addedLines: 0,
        removedLines: 0,
        patch: `diff --git a/a b/a\n${modes}`,
      },
    ])
  })

  it('shows modes with other changes, and only where they changed', () => {
    const before = filesOf({ a: '1\n', b: '1\n', c: '1\n2\n3\n', e: '1\n', g: '1\n' }, 'b', 'c', 'e')
    const after = filesOf({ a: '2\n', b: '2\n', d: '1\n2\n3\n', f: '2\n', g: '1\n' }, 'a', 'b', 'f')
    const found = diffResources({ before, after }).files.map(({ path, change, executable, patch }) => {
      const modes = patch.split('\n').filter((line) => /mode|^index .* /.test(line))
      return [path, change, executable, modes.map((line) => line.replace(/index [^ ]+/, 'index'))]
    })
    expect(found).toEqual([
      ['a', 'changed', true, ['old mode 100644', 'new mode 100755']],
      ['b', 'changed', undefined, ['index 100755']],
      ['d', 'renamed', false, ['old mode 100755', 'new mode 100644']],
      ['e', 'removed', undefined, ['deleted file mode 100755']],
      ['f', 'added', true, ['new file mode 100755']],
    ])
  })

  it('stops before it makes a diff that is too large', () => {
    const large = filesOf({ a: 'one\n', b: 'x\n'.repeat(12_000_000) })
    const { files: shown, truncated } = diffResources({ before: filesOf({}), after: large })
    expect(shown.map(({ path }) => path)).toEqual(['a'])
    expect(truncated).toBe(true)
  })
})

describe('diffResources of objects', () => {
  it('compares objects field by field', () => {
    const before = { 'a.yaml': `${map('one')}---\n${map('two')}` }
    const after = { 'a.yaml': `${map('two', '2')}---\n${map('three')}` }
    expect(objects(before, after)).toEqual([
      'a.yaml: changed ConfigMap two data.key',
      'a.yaml: added ConfigMap three',
      'a.yaml: removed ConfigMap one',
    ])
  })

  it('finds objects that moved to another file', () => {
    const before = { 'all.yaml': `${map('one')}---\n${map('two')}---\n${map('three')}` }
    const after = { 'all.yaml': map('one'), 'three.yaml': map('three'), 'two.yaml': map('two', '2') }
    expect(objects(before, after)).toEqual([
      'three.yaml: moved ConfigMap three from all.yaml',
      'two.yaml: changed ConfigMap two from all.yaml data.key',
    ])
  })

  it('does not report the objects of a renamed file as moved', () => {
    const long = `# ${'words '.repeat(50)}\n`
    expect(objects({ 'a.yaml': long + map('one') }, { 'b.yaml': long + map('one', '2') })).toEqual([
      'b.yaml: changed ConfigMap one data.key',
    ])
    expect(diff({ 'a.yaml': map('one') }, { 'b.yaml': map('one') })[0]).toMatchObject({ objects: [] })
  })

  it('returns no objects if only comments differ, or the file is not KRM', () => {
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

  it('compares the objects in a list as objects of their own', () => {
    const list = (kind: string, ...items: string[]) =>
      `apiVersion: v1\nkind: ${kind}\nitems:\n${items.map((item) => item.replace(/^/gm, '  ').replace('  ', '- ').trimEnd()).join('\n')}\n`
    const before = { 'a.yaml': list('List', map('one'), list('List', map('two')), map('three')) }
    const after = {
      'a.yaml': list('List', map('one', '2'), list('List', map('five')), map('four')),
      'two.yaml': map('two'),
    }
    expect(objects(before, after)).toEqual([
      'a.yaml: changed ConfigMap one data.key',
      'a.yaml: added ConfigMap five',
      'a.yaml: added ConfigMap four',
      'a.yaml: removed ConfigMap three',
      'two.yaml: moved ConfigMap two from a.yaml',
    ])
    expect(objects(before, { 'a.yaml': `${map('one')}---\n${map('two', '2')}---\n${map('three')}` })).toEqual(
      ['a.yaml: changed ConfigMap two data.key', 'a.yaml: removed List', 'a.yaml: removed List #2'],
    )
    const item = (value: string) => `metadata: {name: a}\ndata: {key: ${value}}\n`
    expect(
      objects({ 'a.yaml': list('ConfigMapList', item('x')) }, { 'a.yaml': list('ConfigMapList', item('z')) }),
    ).toEqual(['a.yaml: changed ConfigMap a data.key'])
    expect(objects({ 'a.yaml': list('List', 'x') }, { 'a.yaml': list('List', 'z') })).toEqual([
      'a.yaml: changed List items',
    ])
  })

  it('pairs objects with generateName by likeness, and tells them apart by number', () => {
    const job = (image: string) =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec: {image: ${image}, args: ${image}, env: ${image}, x: 1}\n`
    const [one, two, other] = [job('one'), job('two'), job('two').replace('x: 1', 'x: 2')]
    expect(objects({ 'a.yaml': `${one}---\n${two}` }, { 'a.yaml': other })).toEqual([
      'a.yaml: changed batch/Job run-* spec.x',
      'a.yaml: removed batch/Job run-*',
    ])
    expect(objects({ 'a.yaml': `${one}---\n${two}` }, { 'a.yaml': `${one}---\n${other}` })).toEqual([
      'a.yaml: changed batch/Job run-* #2 spec.x',
    ])
    expect(objects({ 'a.yaml': one, 'b.yaml': two }, { 'b.yaml': one, 'c.yaml': two })).toEqual([
      'b.yaml: moved batch/Job run-* from a.yaml',
      'c.yaml: moved batch/Job run-* from b.yaml',
    ])
  })

  it('identifies objects without a name by their files', () => {
    const kustomization = (resource: string) =>
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ${resource}\n`
    const before = { 'a/kustomization.yaml': kustomization('x'), 'b/kustomization.yaml': kustomization('w') }
    const after = { 'b/kustomization.yaml': kustomization('z') }
    expect(objects(before, after)).toEqual([
      'a/kustomization.yaml: removed kustomize.config.k8s.io/Kustomization',
      'b/kustomization.yaml: changed kustomize.config.k8s.io/Kustomization resources[=w] resources[=z]',
    ])
  })

  it('uses the list types of the definitions in either version', () => {
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
