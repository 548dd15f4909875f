/** Any content is read as a manifest or refused, and nothing is thrown. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manifestLinks, manifestLinksSchema } from '../../../src/domain/glasskube/manifest-links.ts'
import { readPackageManifest } from '../../../src/domain/glasskube/package-manifest.ts'
import { valueViolations } from '../../../src/domain/glasskube/values.ts'
import { valuesSchema } from '../../../src/domain/glasskube/values-schema.ts'
import { yamlPieces } from '../../support/almost-yaml.ts'
import { mutated, mutations } from '../../support/mutations.ts'
import { searching } from '../../support/sizes.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const target = { chartName: 'a', patch: { op: 'add', path: '/a' } }
const resource = { apiGroup: 'v1', kind: 'Secret', name: 's' }

const MANIFEST: Json = {
  name: 'foo',
  defaultNamespace: 'foo',
  scope: 'Cluster',
  iconUrl: 'https://example.com',
  references: [{ label: 'a', url: 'b' }],
  helm: { repositoryUrl: 'oci://a', chartName: 'a', chartVersion: '1', values: { a: [1, null] } },
  manifests: [{ url: './a.yaml' }],
  valueDefinitions: {
    a: {
      type: 'text',
      metadata: { label: 'a', hints: ['b'] },
      defaultValue: 'aa',
      constraints: { required: true, minLength: 1, maxLength: 5, pattern: '^a+$' },
      targets: [target, { resource, patch: { op: 'add', path: '' } }],
    },
    b: { type: 'number', constraints: { min: 1, max: 2 }, targets: [] },
    c: { type: 'options', options: ['a'], targets: [] },
  },
  transformations: [{ source: { path: 'a', resource }, targets: [target] }],
  transitiveResources: [resource],
  entrypoints: [{ serviceName: 'a', port: 80 }],
  dependencies: [{ name: 'bar', version: '>=1, <2' }],
  components: [{ name: 'baz', installedName: 'b', version: '1.x', values: { a: { value: 'b' } } }],
}

const json: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, 0, -1, 1.5, 1e300, '', 'a', '(', '^1', [], {}, [null], { name: 1 }),
  fc.string().map((text): Json => text),
)

/** Replaces one value, or adds a field to it; `at` says which one, as a part of their number. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  key: fc.constantFrom('name', 'version', 'Name', 'constructor', '__proto__', 'type', 'options', 'x'),
  does: fc.constantFrom('replaces', 'adds', 'removes'),
  value: json,
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(manifest: Json, { at, key, does, value }: Change): Json {
  const root = { manifest: structuredClone(manifest) }
  const places = [...placesIn(root)]
  const place = places[Math.floor(at * places.length)]
  if (!place) return manifest
  const { holder, name } = place
  const inner = holder[name]
  if (does === 'removes') delete holder[name]
  else if (does === 'adds' && typeof inner === 'object' && inner !== null) set(inner, key, value)
  else holder[name] = value
  return root.manifest ?? null
}

function set(holder: object, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function* placesIn(holder: Record<string, Json>): Generator<{ holder: Record<string, Json>; name: string }> {
  for (const [name, value] of Object.entries(holder)) {
    yield { holder, name }
    if (typeof value === 'object' && value !== null) yield* placesIn(value as Record<string, Json>)
  }
}

function check(content: string | Uint8Array): boolean {
  const { manifest, errors, warnings } = readPackageManifest(content, 'foo')
  expect(manifest === undefined).toBe(errors.length > 0)
  expect(Math.max(errors.length, warnings.length)).toBeLessThanOrEqual(20)
  const lines = Buffer.from(content)
    .toString()
    .split(/[\r\n\u0085\u2028\u2029]/)
  for (const { path, message, line, column } of [...errors, ...warnings]) {
    expect(typeof path).toBe('string')
    expect(message).toBeTruthy()
    expect(line).toBeGreaterThan(0)
    expect(column).toBeGreaterThan(0)
    // The end of the file is on a line of its own.
    expect(line).toBeLessThanOrEqual(lines.length + 1)
  }
  if (!manifest) return false
  expect(manifestLinksSchema.safeParse(manifestLinks(manifest)).success).toBe(true)
  expect(valuesSchema(manifest.valueDefinitions ?? {}).type).toBe('object')
  expect(valueViolations(manifest.valueDefinitions ?? {}, {}).length).toBeLessThan(5)
  return true
}

describe('readPackageManifest', () => {
  it('survives manifests with other values, more fields and fewer', () => {
    let valid = 0
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        if (check(JSON.stringify(changes.reduce(changed, MANIFEST)))) valid++
      }),
      searching(400),
    )
    expect(valid).toBeGreaterThan(20)
  })

  it('survives random changes of the bytes of a manifest', () => {
    const bytes = Buffer.from(JSON.stringify(MANIFEST, null, 1))
    fc.assert(
      fc.property(mutations, (changes) => void check(mutated(bytes, changes))),
      searching(100),
    )
  })

  it('survives random sequences of YAML tokens', () => {
    fc.assert(
      fc.property(yamlPieces(60), (text) => void check(`name: foo\ndefaultNamespace: foo\n${text}`)),
      searching(300),
    )
  })
})
