import { describe, expect, it } from 'vitest'
import { problemText, readPackageManifest } from '../../../src/domain/glasskube/package-manifest.ts'
import { problemsOf } from '../../support/manifest-problems.ts'

describe('the schema', () => {
  it('needs a name and a default namespace', () => {
    const { errors } = readPackageManifest('scope: Cluster\n', 'foo')
    expect(errors.map(problemText)).toEqual([
      'name is missing: it must be a text',
      'defaultNamespace is missing: it must be a text',
    ])
  })

  it.each([
    ['scope: namespaced', '3:8 scope must be one of Cluster, Namespaced'],
    ['scope:', '3:7 scope has no value: it must be one of Cluster, Namespaced'],
    ['iconUrl: 1.10', '3:10 iconUrl must be a text, and is read as 1.1: quote it'],
    ['shortDescription: yes', '3:19 shortDescription must be a text, and is read as true: quote it'],
    ['longDescription: {}', '3:18 longDescription must be a text'],
    ['references: {}', '3:13 references must be a list'],
    ['references: [{label: a}]', '3:14 references[0].url is missing: it must be a text'],
    ['helm: a', '3:7 helm must be a map'],
    ['helm: {chartName: a, chartVersion: b}', '3:7 helm.repositoryUrl is missing: it must be a text'],
    ['helm: {repositoryUrl: https://a}', '3:7 helm needs chartName and chartVersion, or releases'],
    [
      'helm: {repositoryUrl: https://a, chartName: a}',
      '3:7 helm needs chartName and chartVersion, or releases',
    ],
    [
      'helm: {repositoryUrl: https://a, chartName: a, chartVersion: b, releases: [{chartName: a, chartVersion: b}]}',
      '3:7 helm must have either releases, or chartName and chartVersion',
    ],
    ['helm: {repositoryUrl: https://a, releases: []}', '3:44 helm.releases must not be empty'],
    [
      'helm: {repositoryUrl: https://a, releases: [{chartName: a}]}',
      '3:45 helm.releases[0].chartVersion is missing: it must be a text',
    ],
    [
      'helm: {repositoryUrl: https://a, chartName: a, chartVersion: b, values: []}',
      '3:73 helm.values must be a map',
    ],
    ['manifests: [a]', '3:13 manifests[0] must be a map'],
    ['manifests: [{url: ""}]', '3:19 manifests[0].url must not be empty'],
    ['valueDefinitions: []', '3:19 valueDefinitions must be a map'],
    ['valueDefinitions: {a: {type: text}}', '3:23 valueDefinitions.a.targets is missing: it must be a list'],
    [
      'valueDefinitions: {a: {type: string, targets: []}}',
      '3:30 valueDefinitions.a.type must be one of boolean, text, number, options',
    ],
    [
      'valueDefinitions: {a: {type: text, defaultValue: 5, targets: []}}',
      '3:50 valueDefinitions.a.defaultValue must be a text, and is read as 5: quote it',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {required: "true"}, targets: []}}',
      '3:60 valueDefinitions.a.constraints.required must be true or false without quotes',
    ],
    [
      'valueDefinitions: {a: {type: text, constraints: {minLength: 1.5}, targets: []}}',
      expect.stringContaining('minLength must be a whole number from -9223372036854775808 to'),
    ],
    [
      'valueDefinitions: {a: {type: number, constraints: {max: 9223372036854775808}, targets: []}}',
      expect.stringContaining('max must be a whole number'),
    ],
    [
      'valueDefinitions: {a: {type: text, targets: [{patch: {op: add, path: /a}}]}}',
      '3:46 valueDefinitions.a.targets[0] must have either a resource or a chartName',
    ],
    [
      'valueDefinitions: {a: {type: text, targets: [{chartName: a, resource: {apiGroup: v1, kind: A, name: a}, patch: {op: add, path: /a}}]}}',
      '3:46 valueDefinitions.a.targets[0] must have either a resource or a chartName',
    ],
    [
      'valueDefinitions: {a: {type: text, targets: [{chartName: a, patch: [{op: add, path: /a}]}]}}',
      '3:68 valueDefinitions.a.targets[0].patch must be a map',
    ],
    [
      'valueDefinitions: {a: {type: text, targets: [{chartName: a, patch: {op: move, path: /a}}]}}',
      '3:73 valueDefinitions.a.targets[0].patch.op must be one of add, replace, remove, test',
    ],
    [
      'valueDefinitions: {a: {type: text, targets: [{chartName: a, patch: {op: add, path: /a~b}}]}}',
      '3:84 valueDefinitions.a.targets[0].patch.path must be a JSON pointer such as /spec/replicas',
    ],
    [
      'valueDefinitions: {__proto__: 5}',
      '3:31 valueDefinitions.__proto__ cannot be a name: choose another one',
    ],
    ['transformations: [{targets: []}]', '3:19 transformations[0].source is missing: it must be a map'],
    [
      'transformations: [{source: {path: a, resource: {kind: A, name: a}}, targets: []}]',
      '3:48 transformations[0].source.resource.apiGroup is missing: it must be a text',
    ],
    ['transitiveResources: [{}]', expect.stringContaining('transitiveResources[0].apiGroup is missing')],
    ['entrypoints: [{serviceName: a}]', expect.stringContaining('entrypoints[0].port is missing')],
    [
      'entrypoints: [{serviceName: a, port: "80"}]',
      '3:38 entrypoints[0].port must be a whole number from 1 to 65535 without quotes',
    ],
    ['entrypoints: [{serviceName: a, port: 65536}]', expect.stringContaining('3:38 entrypoints[0].port')],
    ['dependencies: [bar]', '3:16 dependencies[0] must be a map'],
    ['dependencies: [{version: 1.x}]', '3:16 dependencies[0].name is missing: it must be a text'],
    [
      'dependencies: [{name: bar, version: 1.0}]',
      '3:37 dependencies[0].version must be a text, and is read as 1: quote it',
    ],
    [
      'components: [{name: bar, values: {a: {value: 1}}}]',
      '3:46 components[0].values.a.value must be a text, and is read as 1: quote it',
    ],
    ['components: [{name: bar, values: {a: b}}]', '3:38 components[0].values.a must be a map'],
  ])('refuses %s', (text, expected) => {
    // Where several fields are missing, the first says enough.
    expect(problemsOf(text).errors.slice(0, 1)).toEqual([expected])
  })
})
