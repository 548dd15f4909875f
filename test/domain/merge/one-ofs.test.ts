/** Merges of fields that exclude each other. */
import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../src/domain/krm/edit-object.ts'
import { type FieldPath, parseFieldPath } from '../../../src/domain/krm/field-path.ts'
import type { JsonValue } from '../../../src/domain/krm/json-value.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import type { Conflict } from '../../../src/domain/merge/conflict.ts'
import { withSide } from '../../../src/domain/merge/resolve-conflict.ts'
import { merged } from '../../support/merging.ts'
import { resourcesOf, textsOf } from '../../support/texts.ts'

type Value = { [key: string]: unknown }

const CONTAINER = 'spec.template.spec.containers[name=c]'
const pod = (container: Value, spec: Value = {}): Value => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { template: { spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec } } },
})
const object = (apiVersion: string, kind: string, spec: Value): Value => ({
  apiVersion,
  kind,
  metadata: { name: 'o' },
  spec,
})

/** Merges three versions of an object in a package with other files, and reads the result. */
function merge(
  versions: readonly [Value, Value, Value],
  prefer: 'local' | 'upstream' = 'local',
  others: Record<string, string> = {},
) {
  const [original, local, upstream] = versions.map((value) => ({
    ...others,
    'a.yaml': JSON.stringify(value, null, 2),
  }))
  const { files, conflicts } = merged(original ?? {}, local ?? {}, upstream ?? {}, prefer)
  const value = readKrmFile(Buffer.from(files['a.yaml'] ?? ''))?.documents[0]?.value
  return { value, conflicts, files, upstream: upstream ?? {} }
}

/** Expects one conflict about a whole map, which has one of the sides for each preference, also if decided later. */
function expectConflict(
  field: string,
  versions: readonly [Value, Value, Value],
  others?: Record<string, string>,
) {
  const at = (value: unknown) => valueAt(value as JsonValue, parseFieldPath(field) as FieldPath)
  const sides = { local: at(versions[1]), upstream: at(versions[2]) }
  for (const side of ['local', 'upstream'] as const) {
    const { value, conflicts, files, upstream } = merge(versions, side, others)
    expect(conflicts).toMatchObject([{ field, ...sides, chosen: side }])
    expect(at(value)).toEqual(sides[side])
    const other = side === 'local' ? 'upstream' : 'local'
    const later = withSide(conflicts[0] as Conflict, other, resourcesOf(files), resourcesOf(upstream))
    const text = textsOf(later)['a.yaml'] ?? ''
    expect(at(readKrmFile(Buffer.from(text))?.documents[0]?.value)).toEqual(sides[other])
  }
}

describe('a merge of a choice', () => {
  const env = (variable: Value): Value => pod({ env: [{ name: 'A', ...variable }] })
  const [secret, map] = [
    { secretKeyRef: { name: 's', key: 'k' } },
    { configMapKeyRef: { name: 'c', key: 'k' } },
  ]

  const volume = (source: Value): Value => pod({}, { volumes: [{ name: 'v', ...source }] })
  const VOLUME = 'spec.template.spec.volumes[name=v]'
  const probe = (handler: Value): Value => pod({ readinessProbe: { periodSeconds: 5, ...handler } })
  const hook = (handler: Value): Value => pod({ lifecycle: { preStop: handler } })
  const pdb = (spec: Value): Value => object('policy/v1', 'PodDisruptionBudget', spec)
  const ingress = (defaultBackend: Value): Value =>
    object('networking.k8s.io/v1', 'Ingress', { defaultBackend })
  const webhook = (clientConfig: Value): Value => ({
    ...object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {}),
    webhooks: [{ name: 'w', clientConfig }],
  })
  const kptfile = (fn: Value): Value => ({
    ...object('kpt.dev/v1', 'Kptfile', {}),
    pipeline: { mutators: [{ image: 'a:v1', ...fn }] },
  })

  it.each<[string, string, Value, Value, Value]>([
    [
      'sources of a variable',
      `${CONTAINER}.env[name=A].valueFrom`,
      env({ value: 'x' }),
      env({ valueFrom: secret }),
      env({ valueFrom: map }),
    ],
    [
      'a changed variable and its source',
      `${CONTAINER}.env[name=A]`,
      env({ value: 'x' }),
      env({ value: 'y' }),
      env({ valueFrom: map }),
    ],
    [
      'a variable that both added',
      `${CONTAINER}.env[name=A]`,
      pod({ env: [] }),
      env({ value: 'y' }),
      env({ valueFrom: map }),
    ],
    [
      'no variable and its source',
      `${CONTAINER}.env[name=A]`,
      env({ value: 'x' }),
      env({}),
      env({ valueFrom: map }),
    ],
    [
      'sources of a volume',
      VOLUME,
      volume({ emptyDir: {} }),
      volume({ hostPath: { path: '/a' } }),
      volume({ secret: { secretName: 's' } }),
    ],
    [
      'a changed volume and another source',
      VOLUME,
      volume({ configMap: { name: 'a' } }),
      volume({ configMap: { name: 'b' } }),
      volume({ csi: { driver: 'd' } }),
    ],
    [
      'handlers of a probe',
      `${CONTAINER}.readinessProbe`,
      probe({ exec: { command: ['a'] } }),
      probe({ httpGet: { port: 80 } }),
      probe({ grpc: { port: 81 } }),
    ],
    [
      'handlers of a new probe',
      `${CONTAINER}.readinessProbe`,
      pod({}),
      probe({ tcpSocket: { port: 80 } }),
      probe({ grpc: { port: 81 } }),
    ],
    [
      'handlers of the life cycle',
      `${CONTAINER}.lifecycle.preStop`,
      hook({ sleep: { seconds: 1 } }),
      hook({ exec: { command: ['a'] } }),
      hook({ httpGet: { port: 1 } }),
    ],
    [
      'paths of a mount',
      `${CONTAINER}.volumeMounts[mountPath=/a]`,
      pod({ volumeMounts: [{ mountPath: '/a', name: 'v' }] }),
      pod({ volumeMounts: [{ mountPath: '/a', name: 'v', subPath: 'x' }] }),
      pod({ volumeMounts: [{ mountPath: '/a', name: 'v', subPathExpr: '$(X)' }] }),
    ],
    [
      'limits of a budget',
      'spec',
      pdb({ minAvailable: 1 }),
      pdb({ minAvailable: 2 }),
      pdb({ maxUnavailable: 1 }),
    ],
    [
      'backends',
      'spec.defaultBackend',
      ingress({}),
      ingress({ service: { name: 'a' } }),
      ingress({ resource: { kind: 'B', name: 'b' } }),
    ],
    [
      'ports of a backend',
      'spec.defaultBackend.service.port',
      ingress({ service: { name: 'a', port: {} } }),
      ingress({ service: { name: 'a', port: { name: 'p' } } }),
      ingress({ service: { name: 'a', port: { number: 80 } } }),
    ],
    [
      'places of a webhook',
      'webhooks[name=w].clientConfig',
      webhook({}),
      webhook({ url: 'https://a' }),
      webhook({ service: { name: 'a' } }),
    ],
    [
      'configurations of a function',
      'pipeline.mutators[image=a]',
      kptfile({}),
      kptfile({ configPath: 'a.yaml' }),
      kptfile({ configMap: { a: 'b' } }),
    ],
    [
      'sources of a projected volume',
      `${VOLUME}.projected.sources`,
      volume({ projected: { sources: [] } }),
      volume({ projected: { sources: [{ secret: { name: 's' } }] } }),
      volume({ projected: { sources: [{ configMap: { name: 's' } }] } }),
    ],
  ])('has one conflict if the sides chose differently: %s', (_, field, ...versions) =>
    expectConflict(field, versions),
  )

  it('takes the choice of one side, whatever the other changed beside it', () => {
    const versions = [
      env({ value: 'x' }),
      env({ valueFrom: secret }),
      pod({ image: 'j', env: [{ name: 'A', value: 'x' }] }),
    ] as const
    expect(merge(versions)).toMatchObject({
      conflicts: [],
      value: pod({ image: 'j', env: [{ name: 'A', valueFrom: secret }] }),
    })
    const probes = [
      probe({ exec: { command: ['a'] } }),
      pod({ readinessProbe: { periodSeconds: 9, exec: { command: ['a'] } } }),
      probe({ httpGet: { port: 80 } }),
    ] as const
    expect(merge(probes)).toMatchObject({ conflicts: [] })
    expect(merge(probes).value).toEqual(pod({ readinessProbe: { periodSeconds: 9, httpGet: { port: 80 } } }))
  })

  it('merges the fields of a choice that both sides made', () => {
    const get = (httpGet: Value) => probe({ httpGet })
    const { value, conflicts } = merge([
      probe({}),
      get({ port: 80, path: '/a' }),
      get({ port: 80, path: '/b' }),
    ])
    expect(conflicts).toMatchObject([{ field: `${CONTAINER}.readinessProbe.httpGet.path` }])
    expect(value).toEqual(get({ port: 80, path: '/a' }))
  })

  it('leaves an object alone that had several choices before', () => {
    const both = { value: 'x', valueFrom: map }
    const { value, conflicts } = merge([env(both), env({ ...both, x: 1 }), env({ ...both, y: 1 })])
    expect(conflicts).toEqual([])
    expect(value).toEqual(env({ ...both, x: 1, y: 1 }))
  })
})

describe('a merge of a field with a type', () => {
  const strategy = (value: Value): Value => object('apps/v1', 'Deployment', { strategy: value })
  const update = (kind: string, value: Value): Value => object('apps/v1', kind, { updateStrategy: value })
  const profile = (value: Value): Value => pod({}, { securityContext: { seccompProfile: value } })
  const service = (spec: Value): Value => object('v1', 'Service', spec)
  const rolling = (maxUnavailable: number): Value => ({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable },
  })
  const CONVERSION = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a' } } }
  const definition = (conversion: Value): Value =>
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { conversion })

  it.each<[string, string, Value, Value, Value]>([
    [
      'a strategy',
      'spec.strategy',
      strategy(rolling(1)),
      strategy(rolling(2)),
      strategy({ type: 'Recreate' }),
    ],
    [
      'a strategy of the default type',
      'spec.strategy',
      strategy({}),
      strategy({ type: 'Recreate' }),
      strategy({ rollingUpdate: { maxSurge: 1 } }),
    ],
    [
      'a strategy of a DaemonSet',
      'spec.updateStrategy',
      update('DaemonSet', rolling(1)),
      update('DaemonSet', { type: 'OnDelete' }),
      update('DaemonSet', rolling(2)),
    ],
    [
      'a strategy of a StatefulSet',
      'spec.updateStrategy',
      update('StatefulSet', {}),
      update('StatefulSet', { type: 'OnDelete' }),
      update('StatefulSet', { rollingUpdate: { partition: 1 } }),
    ],
    [
      'a profile',
      'spec.template.spec.securityContext.seccompProfile',
      profile({ type: 'RuntimeDefault' }),
      profile({ type: 'Localhost', localhostProfile: 'a' }),
      profile({ type: 'Unconfined' }),
    ],
    [
      'the type of a service',
      'spec',
      service({ type: 'LoadBalancer', loadBalancerIP: 'a' }),
      service({ type: 'LoadBalancer', loadBalancerIP: 'b' }),
      service({ type: 'ClusterIP' }),
    ],
    [
      'a port of a service',
      'spec',
      service({ type: 'NodePort', ports: [{ port: 80 }] }),
      service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30000 }] }),
      service({ type: 'ClusterIP', ports: [{ port: 80 }] }),
    ],
    [
      'a headless service',
      'spec',
      service({}),
      service({ clusterIP: 'None' }),
      service({ type: 'NodePort' }),
    ],
    [
      'an external service',
      'spec',
      service({}),
      service({ type: 'ExternalName', externalName: 'a' }),
      service({ clusterIP: 'None' }),
    ],
    [
      'the affinity of a service',
      'spec',
      service({ sessionAffinity: 'ClientIP' }),
      service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: {} } }),
      service({}),
    ],
    [
      'a conversion',
      'spec.conversion',
      definition(CONVERSION),
      definition({ ...CONVERSION, webhook: {} }),
      definition({ strategy: 'None' }),
    ],
  ])('has one conflict if the sides do not fit: %s', (_, field, ...versions) =>
    expectConflict(field, versions),
  )

  it('merges what fits, and takes null for a missing field', () => {
    const recreate = strategy({ type: 'Recreate', rollingUpdate: null })
    expect(merge([strategy(rolling(1)), recreate, { ...strategy(rolling(1)), x: 1 }])).toMatchObject({
      conflicts: [],
      value: { ...recreate, x: 1 },
    })
    const types = merge([
      service({}),
      service({ type: 'NodePort', ports: [{ port: 1 }] }),
      service({ type: 'LoadBalancer' }),
    ])
    expect(types.conflicts).toMatchObject([{ field: 'spec.type' }])
    expect(types.value).toEqual(service({ type: 'NodePort', ports: [{ port: 1 }] }))
  })
})

describe('a merge of a custom resource', () => {
  const definition = (spec: Value): Record<string, string> => ({
    'crd.yaml': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'farms.example.com' },
          spec: {
            group: 'example.com',
            names: { kind: 'Farm' },
            versions: [{ name: 'v1', schema: { openAPIV3Schema: { properties: { spec } } } }],
          },
        },
      ],
    }),
  })
  const farm = (spec: Value): Value => object('example.com/v1', 'Farm', spec)
  const versions = [farm({ x: 1 }), farm({ x: 2, a: { y: 1 } }), farm({ x: 1, b: 'z' })] as const
  const cel = (rule: string) => ({ 'x-kubernetes-validations': [{ rule }] })

  it.each<[string, Value]>([
    ['oneOf', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }],
    ['oneOf with common fields', { oneOf: [{ required: ['x', 'a'] }, { required: ['b', 'x'] }] }],
    [
      'oneOf in allOf',
      { allOf: [{ oneOf: [{ required: ['c'] }, { allOf: [{ required: ['a'] }] }, { required: ['b'] }] }] },
    ],
    ['not', { not: { required: ['a', 'b'] } }],
    ['maxProperties', { maxProperties: 1, properties: { a: {}, b: {} } }],
    ['a union', { 'x-kubernetes-unions': [{ fields: [{ fieldName: 'a' }, { fieldName: 'b' }] }] }],
    ['a rule', cel('has(self.a) != has(self.b)')],
  ])('knows its one-ofs from the definition in the package: %s', (_, spec) => {
    expectConflict('spec', versions, definition(spec))
  })

  it('merges fields that do not exclude each other', () => {
    for (const spec of [
      {},
      { oneOf: [{ required: ['a'] }, { required: ['c'] }] },
      { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    ]) {
      expect(merge(versions, 'local', definition(spec)).value).toEqual(farm({ x: 2, a: { y: 1 }, b: 'z' }))
    }
  })

  it('finds one-ofs inside the items of a list, and in the default of a type', () => {
    const items = (a: Value) => farm({ list: [{ id: 1, ...a }] })
    const spec = {
      properties: {
        list: {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: { properties: { type: { default: 'B' } }, ...cel("!(has(self.a) && self.type != 'A')") },
        },
      },
    }
    const [original, local] = [items({ type: 'A' }), items({ type: 'A', a: 1 })]
    expectConflict('spec.list[id=1]', [original, local, items({})], definition(spec))
  })
})
