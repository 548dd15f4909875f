import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crdListTypes, crdSchemas } from '../../../src/domain/krm/crd-schemas.ts'
import { fieldChanges } from '../../../src/domain/krm/field-changes.ts'
import { formatFieldPath } from '../../../src/domain/krm/field-path.ts'
import { type JsonObject, sameJson } from '../../../src/domain/krm/json-value.ts'
import { readKrmFile } from '../../../src/domain/krm/krm-file.ts'
import { type ListTypes, listTypesOf } from '../../../src/domain/krm/list-types.ts'

const DEPLOYMENT = listTypesOf({ group: 'apps', kind: 'Deployment' })
const SERVICE = listTypesOf({ group: '', kind: 'Service' })

/** Returns the changes as `<field> <before> <after>`. */
function changes(before: JsonObject, after: JsonObject, types: ListTypes = DEPLOYMENT): string[] {
  return fieldChanges(before, after, types).map((change) =>
    [
      formatFieldPath(change.field),
      'before' in change ? JSON.stringify(change.before) : '-',
      'after' in change ? JSON.stringify(change.after) : '-',
    ].join(' '),
  )
}

const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })

describe('fieldChanges', () => {
  it('reports fields as deep in the object as possible', () => {
    expect(changes({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 }, d: { e: null } })).toEqual([
      'a.c 2 3',
      'd - {"e":null}',
    ])
    expect(changes({ a: null }, {})).toEqual(['a null -'])
    expect(changes({ a: [] }, { a: {} })).toEqual(['a [] {}'])
    expect(changes({ a: 1 }, { a: '1' })).toEqual(['a 1 "1"'])
  })

  it('ignores the order of keys', () => {
    expect(changes({ a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 })).toEqual([])
  })

  it('compares the items of keyed lists at any depth', () => {
    const before = pod({
      containers: [
        { name: 'a', image: 'x:1' },
        { name: 'b', env: [{ name: 'E', value: '1' }] },
      ],
    })
    const after = pod({ containers: [{ name: 'b', env: [{ name: 'E', value: '2' }] }, { name: 'c' }] })
    expect(changes(before, after)).toEqual([
      'spec.template.spec.containers[name=a] {"name":"a","image":"x:1"} -',
      'spec.template.spec.containers[name=b].env[name=E].value "1" "2"',
      'spec.template.spec.containers[name=c] - {"name":"c"}',
    ])
  })

  it('applies the defaults of key fields', () => {
    const port = (more: JsonObject) => ({ spec: { ports: [{ port: 80, ...more }] } })
    expect(changes(port({}), port({ protocol: 'TCP' }), SERVICE)).toEqual([
      'spec.ports[port=80,protocol=TCP].protocol - "TCP"',
    ])
  })

  it('reports the whole list if keys are not unique, or if only the order differs', () => {
    const list = (...names: string[]) => pod({ volumes: names.map((name) => ({ name })) })
    expect(changes(list('a', 'a'), list('a'))).toHaveLength(1)
    expect(changes(list('a', 'b'), list('b', 'a'))).toEqual([
      'spec.template.spec.volumes [{"name":"a"},{"name":"b"}] [{"name":"b"},{"name":"a"}]',
    ])
    expect(changes({ args: ['a'] }, { args: ['b'] })).toEqual(['args ["a"] ["b"]'])
  })

  it('compares the items of sets by value', () => {
    const object = (...finalizers: string[]) => ({ metadata: { finalizers } })
    expect(changes(object('a', 'b'), object('b', 'c.d/e'))).toEqual([
      'metadata.finalizers[=a] "a" -',
      'metadata.finalizers[=c.d/e] - "c.d/e"',
    ])
  })

  it('handles fields that are called like properties of every JavaScript object', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty']
    for (const name of names) {
      expect(changes({ [name]: ['a'] }, { [name]: ['b'] })).toEqual([`${name} ["a"] ["b"]`])
      const types = listTypesOf({ group: '', kind: name })
      expect(changes({ spec: ['a'], name: [1] }, { spec: ['b'], name: [2] }, types)).toHaveLength(2)
    }
    const own = JSON.parse('{"__proto__": {"a": 1}}')
    expect(changes({}, own)).toEqual(['__proto__ - {"a":1}'])
  })

  it('reports nothing for equal values, and something for all others', () => {
    const value = fc.dictionary(
      fc.constantFrom('a', 'metadata', 'finalizers', 'spec'),
      fc.jsonValue({ maxDepth: 3 }),
    )
    fc.assert(
      fc.property(value, value, (before, after) => {
        const [old, now] = [before, after] as [JsonObject, JsonObject]
        expect(changes(old, structuredClone(old))).toEqual([])
        expect(changes(old, now).length > 0).toBe(!sameJson(old, now))
      }),
    )
  })
})

describe('crdListTypes', () => {
  const definition = (schema: object, version = 'v1') => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'x' },
    spec: {
      group: 'example.com',
      names: { kind: 'X' },
      versions: [{ name: version, schema: { openAPIV3Schema: schema } }],
    },
  })
  const typesOf = (...objects: object[]) =>
    crdListTypes(
      crdSchemas(
        objects.flatMap((object) => readKrmFile(Buffer.from(JSON.stringify(object)))?.documents ?? []),
      ),
      { group: 'example.com', kind: 'X' },
    )
  const keyed = (...keys: string[]) => ({
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    items: { properties: { id: { type: 'string' }, kind: { default: 'plain' } } },
  })

  it('returns the types of the definition', () => {
    const types = typesOf(
      definition({
        properties: {
          map: keyed('id', 'kind'),
          set: { 'x-kubernetes-list-type': 'set' },
          atomic: { 'x-kubernetes-list-type': 'atomic' },
          any: { additionalProperties: { items: { properties: { inner: keyed('id') } } } },
          none: keyed(),
        },
      }),
    )
    expect(types?.(['map'])).toEqual({ type: 'map', keys: ['id', 'kind'], defaults: { kind: 'plain' } })
    expect(types?.(['set'])).toEqual({ type: 'set' })
    expect(types?.(['any', 'key', '[]', 'inner'])).toMatchObject({ keys: ['id'] })
    for (const place of [['atomic'], ['none'], ['other'], ['map', '[]', 'id'], []]) {
      expect(types?.(place), place.join('.')).toBeUndefined()
    }
  })

  it('finds the type in any version of the definition', () => {
    const types = typesOf(definition({}), definition({ properties: { map: keyed('id') } }, 'v2'))
    expect(types?.(['map'])).toMatchObject({ type: 'map' })
  })

  it('returns nothing without a valid definition', () => {
    expect(typesOf()).toBeUndefined()
    expect(typesOf({ ...definition({}), spec: { group: 1, versions: {} } })).toBeUndefined()
    expect(typesOf(definition({ properties: [] }))?.(['map'])).toBeUndefined()
  })
})
