/** Merges of the fields of an object. */
import { describe, expect, it } from 'vitest'
import { merged, mergedFile, versions } from '../../support/merging.ts'

const DEPLOYMENT = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1 # one is enough
  template:
    spec:
      containers:
      - name: web
        image: "nginx:1.27" # kpt-set: nginx:TAG
        ports:
        - containerPort: 80
        - containerPort: 53
          protocol: UDP
        env:
        - name: LOG
          value: 'info'
`
const WEB = 'spec.template.spec.containers[name=web]'

describe('a merge of fields', () => {
  it('takes what only one side changed, and leaves the rest as local has it', () => {
    const { text, conflicts } = mergedFile(
      versions(DEPLOYMENT, ['replicas: 1', 'replicas: 3'], ['1.27"', '1.28"']),
    )
    expect(conflicts).toEqual([])
    expect(text).toBe(DEPLOYMENT.replace('replicas: 1', 'replicas: 3').replace('1.27"', '1.28"'))
  })

  it('has a conflict if both sides changed an image', () => {
    const input = versions(DEPLOYMENT, ['nginx:1.27"', 'mirror/nginx:1.27"'], ['1.27"', '1.28"'])
    const conflict = {
      path: 'a.yaml',
      object: 'apps/Deployment web',
      field: `${WEB}.image`,
      original: 'nginx:1.27',
      local: 'mirror/nginx:1.27',
      upstream: 'nginx:1.28',
    }
    const local = mergedFile(input)
    expect(local).toEqual({ text: input[1], conflicts: [{ ...conflict, chosen: 'local' }] })
    const upstream = mergedFile(input, 'a.yaml', 'upstream')
    expect(upstream).toEqual({ text: input[2], conflicts: [{ ...conflict, chosen: 'upstream' }] })
  })

  it('has a conflict if one side removed what the other changed', () => {
    const input = versions(
      DEPLOYMENT,
      ['  replicas: 1 # one is enough\n', ''],
      ['replicas: 1', 'replicas: 2'],
    )
    const { text, conflicts } = mergedFile(input)
    expect(text).toBe(input[1])
    expect(conflicts).toMatchObject([{ field: 'spec.replicas', original: 1, upstream: 2, chosen: 'local' }])
    expect(conflicts[0]).not.toHaveProperty('local')
  })

  it('identifies ports by number and protocol', () => {
    const { text, conflicts } = mergedFile(
      versions(
        DEPLOYMENT,
        ['- containerPort: 80\n', '- containerPort: 80\n          name: http\n'],
        ['protocol: UDP\n', 'protocol: UDP\n        - containerPort: 53\n'],
      ),
    )
    expect(conflicts).toEqual([])
    expect(text).toContain(
      '- containerPort: 80\n          name: http\n        - containerPort: 53\n          protocol: UDP\n        - containerPort: 53\n',
    )
  })

  it('takes the variables that both sides added, and has a conflict if both added the same one', () => {
    const add = (name: string, value: string) =>
      [
        "          value: 'info'\n",
        `          value: 'info'\n        - name: ${name}\n          value: ${value}\n`,
      ] as const
    const both = mergedFile(versions(DEPLOYMENT, add('MINE', 'a'), add('THEIRS', 'b')))
    expect(both.conflicts).toEqual([])
    expect(both.text).toContain(
      "'info'\n        - name: MINE\n          value: a\n        - name: THEIRS\n          value: b\n",
    )
    const same = mergedFile(versions(DEPLOYMENT, add('X', 'a'), add('X', 'b')))
    expect(same.conflicts).toMatchObject([{ field: `${WEB}.env[name=X].value`, local: 'a', upstream: 'b' }])
  })

  it('treats a list without keys as one value', () => {
    const text = 'apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\nlist: [1, 2]\n'
    expect(
      mergedFile(versions(text, ['[1, 2]', '[1, 2, 3]'], ['[1, 2]', '[0, 1, 2]'])).conflicts,
    ).toMatchObject([{ field: 'list', original: [1, 2], local: [1, 2, 3], upstream: [0, 1, 2] }])
  })

  it('has a conflict if both sides reordered a list', () => {
    const pod = (names: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  initContainers:\n${[...names].map((name) => `  - name: ${name}\n`).join('')}`
    expect(mergedFile([pod('abc'), pod('bac'), pod('abc')])).toEqual({ text: pod('bac'), conflicts: [] })
    expect(mergedFile([pod('abc'), pod('bacx'), pod('abcy')])).toEqual({ text: pod('bacyx'), conflicts: [] })
    const { text, conflicts } = mergedFile([pod('abc'), pod('bac'), pod('acb')])
    expect(text).toBe(pod('bac'))
    expect(conflicts).toMatchObject([{ field: 'spec.initContainers', chosen: 'local' }])
    expect(mergedFile([pod('abc'), pod('bac'), pod('acb')], 'a.yaml', 'upstream').text).toBe(pod('acb'))
  })

  it('takes a comment that only upstream changed, such as one of a setter', () => {
    const { text } = mergedFile(
      versions(DEPLOYMENT, ['replicas: 1', 'replicas: 3'], ['# kpt-set: nginx:TAG', '# kpt-set: IMAGE:TAG']),
    )
    expect(text).toContain('image: "nginx:1.27" # kpt-set: IMAGE:TAG\n')
    expect(text).toContain('replicas: 3 # one is enough\n')
    const both = mergedFile(
      versions(DEPLOYMENT, ['# one is enough', '# mine'], ['# one is enough', '# theirs']),
    )
    expect(both.text).toContain('# mine\n')
    expect(both.conflicts).toEqual([])
  })
})

describe('a merge of custom resources', () => {
  const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: farms.example.com
spec:
  group: example.com
  names: {kind: Farm}
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
              fields:
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [id]
                items: {properties: {id: {type: string}}}
              tags:
                x-kubernetes-list-type: set
`
  const FARM = `apiVersion: example.com/v1
kind: Farm
metadata:
  name: a
spec:
  fields:
  - id: x
    size: 1
  - id: y
    size: 1
  tags: [a]
`
  it('uses the list keys of the definition in the package', () => {
    const farm = FARM.replace('x\n    size: 1', 'x\n    size: 2').replace('[a]', '[a, b]')
    const theirs = FARM.replace('y\n    size: 1', 'y\n    size: 3').replace('[a]', '[a, c]')
    const package_ = (text: string) => ({ 'crd.yaml': CRD, 'farm.yaml': text })
    const { files, conflicts } = merged(package_(FARM), package_(farm), package_(theirs))
    expect(conflicts).toEqual([])
    expect(files['farm.yaml']).toBe(
      farm.replace('y\n    size: 1', 'y\n    size: 3').replace('[a, b]', '[a, b, c]'),
    )
    const without = merged({ 'farm.yaml': FARM }, { 'farm.yaml': farm }, { 'farm.yaml': theirs })
    expect(without.conflicts.map(({ field }) => field)).toEqual(['spec.fields', 'spec.tags'])
  })
})

describe('a merge of the Kptfile', () => {
  const KPTFILE = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: upf
info:
  description: one
pipeline:
  mutators:
  - image: set-labels:v0.2
    configMap:
      tier: back
  - image: set-namespace:v0.4
`
  it('keeps its own name and upstream, and merges the functions of the pipeline by name or image', () => {
    const own = KPTFILE.replace('name: upf', 'name: mine').replace(
      'info:',
      'upstream:\n  git: {ref: v1}\nupstreamLock:\n  git: {ref: v1}\ninfo:',
    )
    const local = own.replace('tier: back', 'tier: back\n      site: berlin')
    const upstream = KPTFILE.replace('name: upf', 'name: upf2')
      .replace('info:', 'upstream:\n  git: {ref: v9}\ninfo:')
      .replace('one', 'two')
      .replace('  - image: set-namespace:v0.4\n', '  - image: set-namespace:v0.4\n  - image: check:v1\n')
    const { text, conflicts } = mergedFile([KPTFILE, local, upstream], 'Kptfile')
    expect(conflicts).toEqual([])
    expect(text).toBe(local.replace('one', 'two').concat('  - image: check:v1\n'))
    // The same holds without local edits.
    expect(mergedFile([KPTFILE, KPTFILE, upstream], 'Kptfile').text).not.toContain('v9')
  })
})
