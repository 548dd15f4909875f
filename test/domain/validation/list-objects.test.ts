/** Objects inside lists, such as `kubectl get -o yaml` prints them, are objects of the package. */
import { describe, expect, it } from 'vitest'
import { contentsOf } from '../../../src/domain/contents.ts'
import { validateResources } from '../../../src/domain/validation/validate.ts'
import { readYamlFile, type YamlFile } from '../../../src/domain/validation/yaml-file.ts'

function read(text: string): YamlFile {
  return readYamlFile(Buffer.from(text))
}

function objectsOf(text: string): string[] {
  const { objects, errors } = read(text)
  expect(errors).toEqual([])
  return objects.map(({ line, apiVersion, kind, name }) => `${line} ${apiVersion} ${kind} ${name}`)
}

const LIST = `# a package
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: a
  spec:
    template:
      spec:
        containers:
        - name: c
          image: example.com/a:1
- # b
  kind: Service
  apiVersion: v1
  metadata: {name: b, namespace: c}
`

describe('an object in a list', () => {
  it('is an object with its own line', () => {
    expect(objectsOf(LIST)).toEqual(['6 apps/v1 Deployment a', '17 v1 Service b'])
    expect(read(LIST).images).toEqual(['example.com/a:1'])
  })

  it('has the kind and the version of the list, if it has none', () => {
    const roles = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nitems:\n- metadata: {name: a}\n'
    expect(objectsOf(roles)).toEqual(['4 rbac.authorization.k8s.io/v1 Role a'])
    expect(objectsOf('kind: ConfigMapList\napiVersion: v1\nitems: [{kind: X, apiVersion: y/v1}]\n')).toEqual([
      '3 y/v1 X undefined',
    ])
  })

  it('may be in a list in a list, an alias, or merged', () => {
    const nested = `apiVersion: v1
kind: List
base: &base {apiVersion: v1, kind: ConfigMap}
copy: &copy
  <<: *base
  metadata: {name: a}
items:
- *copy
- <<: *base
  metadata: {name: b}
- kind: SecretList
  apiVersion: v1
  items:
  - metadata: {name: c}
  - metadata: {name: d}
`
    expect(objectsOf(nested)).toEqual([
      '8 v1 ConfigMap a',
      '9 v1 ConfigMap b',
      '14 v1 Secret c',
      '15 v1 Secret d',
    ])
    const merged = `x: &x\n  items: [{kind: A, apiVersion: v1, metadata: {name: a}}]\n<<: *x\nkind: List\n`
    expect(objectsOf(merged)).toEqual(['1 v1 A a'])
  })

  it('is compared with the objects of other files', () => {
    const files = {
      'a.yaml': 'kind: Service\napiVersion: v1\nmetadata: {name: b, namespace: c}\n',
      'list.yaml': `${LIST}- {apiVersion: v1, kind: Pod}\n`,
    }
    const { errors, warnings } = validateResources(
      new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    )
    expect(errors).toEqual([])
    expect(warnings).toEqual([
      { path: 'list.yaml', line: 17, message: 'Service c/b is also in a.yaml:1' },
      { path: 'list.yaml', line: 20, message: 'the object has no metadata.name' },
    ])
  })

  it('is found, though the list is not', () => {
    const { objects, words } = contentsOf([['list.yaml', read(LIST)]])
    expect(objects).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: '', name: 'a', path: 'list.yaml' },
      { apiVersion: 'v1', kind: 'Service', namespace: 'c', name: 'b', path: 'list.yaml' },
    ])
    expect(words).toContain(' deployment a')
    expect(words).not.toContain(' list')
  })

  it('must be a map', () => {
    expect(
      read('apiVersion: v1\nkind: List\nitems:\n- {kind: A, apiVersion: v1}\n- text\n- [1]\n').errors,
    ).toEqual(
      [5, 6].map((line) => ({ line, message: 'the item of the list is no object: correct or remove it' })),
    )
  })
})

describe('a list', () => {
  it('without items is an object that needs no name', () => {
    const text = Buffer.from('apiVersion: v1\nkind: ConfigMapList\nitems: []\n')
    expect(objectsOf(text.toString())).toEqual(['1 v1 ConfigMapList undefined'])
    expect(validateResources(new Map([['a.yaml', text]]))).toEqual({ errors: [], warnings: [] })
  })

  it('is an object like any other if its items are no list', () => {
    expect(objectsOf('apiVersion: a/v1\nkind: AllowList\nmetadata: {name: a}\nitems: {b: c}\n')).toEqual([
      '1 a/v1 AllowList a',
    ])
    expect(objectsOf('apiVersion: a/v1\nkind: Order\nmetadata: {name: a}\nitems: [{b: c}]\n')).toEqual([
      '1 a/v1 Order a',
    ])
  })
})

describe('an image', () => {
  it('is found behind merge keys and aliases, which may bring containers, too', () => {
    const text = `x: &x {name: a, image: example.com/x:1}
y: &y
- image: example.com/y:1
spec:
  containers:
  - <<: *x
    command: [b]
  - <<: [{image: example.com/z:1}, *x]
  initContainers: *y
`
    expect(new Set(read(text).images)).toEqual(
      new Set(['example.com/x:1', 'example.com/y:1', 'example.com/z:1']),
    )
  })

  it('is text, as readers see it', () => {
    expect(
      read('containers: [{image: 1.10}, {image: yes}, {image: "1.10"}, {image: !!str 12}]\n').images,
    ).toEqual(['1.10', '12'])
  })
})

it('reads a file with very many aliases in linear time', () => {
  const aliases = '- *a\n'.repeat(100_000)
  expect(read(`kind: List\napiVersion: v1\na: &a {kind: A}\nitems:\n${aliases}`).objects).toHaveLength(
    100_000,
  )
})
