import { describe, expect, it } from 'vitest'
import { readPackageManifest } from '../../../src/domain/glasskube/package-manifest.ts'
import { errorsOf, problemsOf, warningsOf } from '../../support/manifest-problems.ts'

describe('the rules', () => {
  it('want the name of the package', () => {
    const { errors } = readPackageManifest('defaultNamespace: a\nname: bar\n', 'foo')
    expect(errors).toEqual([
      {
        path: 'name',
        message: 'must be foo, the name of the package, and is "bar"',
        line: 2,
        column: 7,
      },
    ])
  })

  it('bound what the server has in memory of each version', () => {
    const dependencies = (count: number) =>
      `dependencies: [${Array.from({ length: count }, (_, at) => `{name: package-${at}}`)}]`
    expect(errorsOf(dependencies(500))).toEqual([])
    const message =
      'dependencies, components, shortDescription, iconUrl and defaultNamespace have more than 16384 characters together: shorten them'
    expect(errorsOf(dependencies(1000))).toEqual([`1:1 ${message}`])
    expect(errorsOf(`shortDescription: ${'x'.repeat(20_000)}`)).toEqual([`1:1 ${message}`])
    expect(errorsOf(`longDescription: ${'x'.repeat(20_000)}`)).toEqual([])
  })

  it.each([
    ['dependencies: [{name: foo}]', '3:23 dependencies[0].name is the package itself: remove it'],
    [
      'dependencies: [{name: bar, version: 1.x}, {name: bar}]',
      '3:50 dependencies[1].name names "bar" again: write one range for both',
    ],
    ['dependencies: [{name: ""}]', expect.stringContaining('3:23 dependencies[0].name must be 1 to 63')],
    ['dependencies: [{name: ../a}]', expect.stringContaining('3:23 dependencies[0].name must be 1 to 63')],
    [
      'dependencies: [{name: bar, version: latest}]',
      expect.stringContaining('3:37 dependencies[0].version must be a version range'),
    ],
    ['components: [{name: foo}]', '3:21 components[0].name is the package itself: remove it'],
    ['components: [{name: Bar}]', expect.stringContaining('3:21 components[0].name must be 1 to 63')],
    [
      'components: [{name: bar, version: ">"}]',
      expect.stringContaining('3:35 components[0].version must be a version range'),
    ],
    [
      'components: [{name: bar, installedName: a b}]',
      expect.stringContaining('3:41 components[0].installedName must be 1 to 63'),
    ],
    [
      'components: [{name: bar}, {name: baz, installedName: bar}]',
      '3:27 components[1] gives the instance foo-bar again: set another installedName',
    ],
    [
      'components: [{name: bar}, {name: bar, installedName: ""}]',
      '3:27 components[1] gives the instance foo-bar again: set another installedName',
    ],
    [
      'valueDefinitions: {a: {type: options, targets: []}}',
      '3:23 valueDefinitions.a.options must have at least one option, as the type is options',
    ],
    [
      'valueDefinitions: {a: {type: number, constraints: {min: 2, max: 1}, defaultValue: "3", targets: []}}',
      '3:57 valueDefinitions.a.constraints.min must not be above max, which is 1',
    ],
    [
      'valueDefinitions: {a: {type: number, constraints: {min: 9007199254740993, max: 9007199254740992}, targets: []}}',
      '3:57 valueDefinitions.a.constraints.min must not be above max, which is 9007199254740992',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {minLength: 2, maxLength: 1}, targets: []}}',
      '3:61 valueDefinitions.a.constraints.minLength must not be above maxLength, which is 1',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {minLength: 2, maxLength: -1}, targets: []}}',
      '3:75 valueDefinitions.a.constraints.maxLength must not be negative',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {pattern: "(?=a)"}, targets: []}}',
      expect.stringContaining('3:59 valueDefinitions.a.constraints.pattern is no regular expression'),
    ],
  ])('refuse %s', (text, expected) => {
    expect(errorsOf(text)).toEqual([expected])
  })

  it.each([
    [
      'dependencies: [{name: bar, version: ">=1.0.0+2"}]',
      '3:37 dependencies[0].version names a build number, which clients ignore: remove it',
    ],
    ['iconUrl: icon.png', '3:10 iconUrl must be an absolute URL'],
    [
      'helm: {repositoryUrl: charts, chartName: a, chartVersion: b}',
      '3:23 helm.repositoryUrl must begin with https://, http:// or oci://',
    ],
    ['kustomize: {}', expect.stringContaining('3:12 kustomize makes clients fail')],
    [
      'valueDefinitions: {a: {type: number, defaultValue: two, targets: []}}',
      '3:52 valueDefinitions.a.defaultValue must be a whole number of at most 64 bits',
    ],
    [
      'valueDefinitions: {a: {type: text, options: [a], targets: []}}',
      '3:45 valueDefinitions.a.options has no effect on the type text: remove it, or set the type options',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {max: 1}, targets: []}}',
      '3:55 valueDefinitions.a.constraints.max has no effect on the type text: remove it',
    ],
    [
      'valueDefinitions: {a: {type: boolean, constraints: {pattern: t}, targets: []}}',
      '3:62 valueDefinitions.a.constraints.pattern has no effect on the type boolean: remove it',
    ],
  ])('warn about %s', (text, expected) => {
    expect(warningsOf(text)).toEqual([expected])
  })

  it('bound the work that patterns take together', () => {
    const costly = JSON.stringify('a{1000}'.repeat(140))
    const definitions = Array.from({ length: 500 }, (_, at) => {
      return `  v${at}: {type: text, targets: [], constraints: {pattern: ${costly.slice(0, -1)}${at}"}}\n`
    })
    const { errors } = problemsOf(`valueDefinitions:\n${definitions.join('')}`)
    expect(errors).toHaveLength(20)
    expect(errors[0]).toContain('takes too long to check together with the others')
  })
})
