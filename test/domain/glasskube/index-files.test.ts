import { expect, it } from 'vitest'
import { readPackageIndex, readRepositoryIndex } from '../../../src/domain/glasskube/index-files.ts'

const bytes = (text: string) => Buffer.from(text)

it('reads index.yaml and versions.yaml, in YAML or JSON, with fields that it does not know', () => {
  const index = 'packages:\n- {name: a, latestVersion: v1.0.0, stars: 3}\n- name: b\nmore: 1\n'
  expect(readRepositoryIndex(bytes(index), 'index.yaml')).toEqual([
    { name: 'a', latestVersion: 'v1.0.0' },
    { name: 'b', latestVersion: undefined },
  ])
  const versions =
    '{"latestVersion": "v1.0.0+2", "versions": [{"version": "v1.0.0+1"}, {"version": "v1.0.0+2"}]}'
  expect(readPackageIndex(bytes(versions), 'a/versions.yaml')).toEqual({
    latestVersion: 'v1.0.0+2',
    versions: ['v1.0.0+1', 'v1.0.0+2'],
  })
})

it('takes null for a list without items', () => {
  expect(readRepositoryIndex(bytes('packages:\n'), 'index.yaml')).toEqual([])
  expect(readPackageIndex(bytes('latestVersion: v1.0.0\n'), 'v')).toMatchObject({ versions: [] })
})

it.each([
  ['packages:\n  - name: [\n', /^index\.yaml:\d+:\d+: /],
  ['packages:\n- name: 1.0\n', 'index.yaml: packages.0.name: '],
  ['- a\n', 'index.yaml: '],
  ['', 'index.yaml: '],
  ['a: &a [1]\nb: [*a, *a, *b]\n', /^index\.yaml:\d+:\d+: /],
  [`packages: [{name: "${'n'.repeat(300)}"}]\n`, 'index.yaml: packages.0.name: '],
])('says where %j is wrong', (text, message) => {
  expect(() => readRepositoryIndex(bytes(text), 'index.yaml')).toThrow(message)
})

it('refuses a file that would take long to read', () => {
  expect(() => readPackageIndex(Buffer.alloc(4 * 1024 * 1024 + 1, 'a'), 'a/versions.yaml')).toThrow(
    'a/versions.yaml has more than 4194304 bytes',
  )
})
