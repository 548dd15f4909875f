import { describe, expect, it } from 'vitest'
import { readPackageManifest } from '../../../src/domain/glasskube/package-manifest.ts'
import { glasskubePackages, hasCorpus, readFiles } from '../../support/corpus.ts'
import { errorsOf, HEAD, placed } from '../../support/manifest-problems.ts'

const FULL = `
name: foo
defaultNamespace: foo-system
scope: Namespaced
shortDescription: short
longDescription: |
  long
iconUrl: https://example.com/icon.png
references:
  - {label: GitHub, url: https://example.com}
helm:
  repositoryUrl: oci://example.com/charts
  releases:
    - {chartName: a, chartVersion: 1.2.3, values: {any: [1, 2.5, null, {deep: true}]}}
    - {chartName: b, chartVersion: v1}
manifests:
  - {url: ./manifest.yaml, defaultNamespace: other}
valueDefinitions:
  host:
    type: text
    metadata: {label: Host, description: Where it runs, hints: [one]}
    defaultValue: example.com
    constraints: {required: true, minLength: 1, maxLength: 100, pattern: '^[a-z.]+$'}
    targets:
      - {chartName: a, patch: {op: add, path: /host~1name/-}, valueTemplate: '"{{.}}"'}
      - {resource: {apiGroup: v1, kind: Service, name: s, namespace: m}, patch: {op: replace, path: ''}}
  count:
    type: number
    constraints: {min: -9223372036854775808, max: 5}
    targets: []
  level: {type: options, options: [a, b], defaultValue: b, targets: []}
  on: {type: boolean, defaultValue: "1", targets: []}
transformations:
  - source: {path: '{ $.metadata.name }', resource: {apiGroup: v1, kind: Secret, name: s}}
    targets: [{chartName: a, patch: {op: add, path: /a}}]
transitiveResources:
  - {apiGroup: v1, kind: Secret, name: s}
entrypoints:
  - {serviceName: s, port: 80, name: web, localPort: 8080, scheme: http}
dependencies:
  - {name: bar, version: ">= 1.0.0, < 2"}
  - {name: baz}
components:
  - {name: redis, installedName: one, version: 1.x.x, values: {a: {value: b}}}
  - {name: redis, installedName: two}
  - {name: redis, version: ""}
`

describe('readPackageManifest', () => {
  it('accepts every field', () => {
    const { manifest, errors, warnings } = readPackageManifest(FULL, 'foo')
    expect([...errors, ...warnings]).toEqual([])
    expect(manifest?.valueDefinitions?.count?.constraints).toEqual({ min: -(2 ** 63), max: 5 })
    // As YAML 1.1 has it, the key `on` is a boolean, whose name is "true".
    expect(Object.keys(manifest?.valueDefinitions ?? {})).toEqual(['host', 'count', 'level', 'true'])
  })

  it('accepts JSON, and the bytes of a text', () => {
    const json = JSON.stringify({ name: 'foo', defaultNamespace: 'ü' })
    const expected = { manifest: { name: 'foo', defaultNamespace: 'ü' }, errors: [], warnings: [] }
    expect(readPackageManifest(json, 'foo')).toEqual(expected)
    expect(readPackageManifest(Buffer.from(json), 'foo')).toEqual(expected)
  })

  it('keeps unknown fields, and warns about them', () => {
    const { manifest, errors, warnings } = readPackageManifest(
      `${HEAD}license: MIT\nmanifests:\n  - url: a\n    sha256: b\n`,
      'foo',
    )
    expect(manifest).toMatchObject({ license: 'MIT', manifests: [{ url: 'a', sha256: 'b' }] })
    expect(errors).toEqual([])
    expect(warnings).toMatchObject([
      { path: 'license', line: 3, column: 1 },
      { path: 'manifests[0].sha256', line: 6, column: 5 },
    ])
  })

  it('refuses a field that clients read although it is spelled in other letters', () => {
    expect(errorsOf('Dependencies: []\ncomponentſ: []\n')).toEqual([
      '3:1 Dependencies must be spelled dependencies',
      '4:1 ["componentſ"] must be spelled components',
    ])
  })

  it('follows aliases and merge keys to the place of a problem', () => {
    expect(errorsOf('manifests:\n  - &a {url: 7}\n  - *a\n  - {<<: *a, defaultNamespace: b}\n')).toEqual([
      '4:14 manifests[0].url must be a text, and is read as 7: quote it',
      '4:14 manifests[1].url must be a text, and is read as 7: quote it',
      '4:14 manifests[2].url must be a text, and is read as 7: quote it',
    ])
    expect(errorsOf('manifests:\n  - {<<: [{}, {url: 7}]}\n')).toEqual([
      '4:21 manifests[0].url must be a text, and is read as 7: quote it',
    ])
  })

  it.each([
    ['an empty file', '', '1:1 the file is empty: write at least name and defaultNamespace'],
    [
      'a file with nothing but a comment',
      '# nothing\n',
      '1:1 the file is empty: write at least name and defaultNamespace',
    ],
    ['a list', '- name: foo\n', '1:1 the file must be a map with the fields of a manifest'],
    ['a single value', 'foo', '1:1 the file must be a map with the fields of a manifest'],
    [
      'a second document',
      `${HEAD}---\na: 1\n`,
      '4:1 clients ignore all but the first document: remove this one',
    ],
    [
      'an empty document first',
      `---\n---\n${HEAD}`,
      '3:1 clients read the first document, which is empty: remove it',
    ],
    ['a duplicate key', `${HEAD}name: foo\n`, '3:1 the key "name" appears twice'],
    [
      'a character that YAML does not allow',
      `${HEAD}a: "\0"\n`,
      expect.stringContaining('3:5 YAML does not allow the character U+0000'),
    ],
    ['bytes that are not UTF-8', '\xff', '1:1 the file is not UTF-8'],
    ['a list without end', `${HEAD}a: [\n`, expect.stringContaining('4:1 ')],
    ['an alias of nothing', `${HEAD}a: *b\n`, '3:4 the anchor "b" is not defined'],
    [
      'an alias inside its anchor',
      `${HEAD}a: &a [*a]\n`,
      '1:1 an alias is inside the node that it refers to',
    ],
    ['brackets that are never closed', '['.repeat(100_000), '1:1 the file is nested too deeply'],
    ['lists in lists', `${HEAD}a: ${'['.repeat(300)}${']'.repeat(300)}`, '1:1 the file is nested too deeply'],
    [
      'a large file',
      `#${' '.repeat(1024 * 1024)}`,
      expect.stringContaining('the file has more than 1048576 bytes'),
    ],
  ])('refuses %s', (_, text, expected) => {
    const { errors, ...others } = readPackageManifest(Buffer.from(text, 'latin1'), 'foo')
    expect(errors.map(placed)).toEqual([expected])
    expect(others).toEqual({ warnings: [] })
  })

  it('refuses an alias bomb', () => {
    const levels = 'bcdefghi'.split('').map((name, at) => {
      const alias = `*${'abcdefgh'.charAt(at)},`
      return `${name}: &${name} [${alias.repeat(10)}]\n`
    })
    expect(errorsOf(`a: &a [x,x,x,x,x,x,x,x,x,x]\n${levels.join('')}`)).toEqual([
      expect.stringContaining('an alias bomb'),
    ])
  })

  it('reports at most 20 errors and 20 warnings, in the order of the file', () => {
    const many = Array.from({ length: 30 }, (_, at) => `  - {url: [], x${at}: 1}\n`).join('')
    const { errors, warnings } = readPackageManifest(`${HEAD}manifests:\n${many}`, 'foo')
    expect(errors.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, at) => at + 4))
    expect(warnings.map(({ line }) => line)).toEqual(errors.map(({ line }) => line))
  })

  it('shortens what it quotes', () => {
    const key = `"${'k'.repeat(10_000)}"`
    const { warnings } = readPackageManifest(`${HEAD}? ${key}\n: 1\n`, 'foo')
    expect(warnings[0]?.path.length).toBeLessThan(5000)
  })
})

describe.runIf(hasCorpus)('real manifests', () => {
  it('are valid, without any warning', () => {
    const packages = glasskubePackages()
    expect(packages).toHaveLength(495)
    const found = packages.map((each) => {
      const content = readFiles(each).get('package.yaml') ?? ''
      const { manifest, errors, warnings } = readPackageManifest(content, each.path)
      return { name: manifest?.name, problems: [...errors, ...warnings] }
    })
    expect(found).toEqual(packages.map(({ path }) => ({ name: path, problems: [] })))
  })
})
