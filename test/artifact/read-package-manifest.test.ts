/** Manifests that other clients have made: no rule of the domain can be broken with one. */
import { describe, expect, it } from 'vitest'
import { packageManifest } from '../../src/artifact/package-manifest.ts'
import { readPackageManifest } from '../../src/artifact/read-package-manifest.ts'
import { readRecord } from '../../src/artifact/read-record.ts'
import type { RevisionRecord } from '../../src/domain/package-revision.ts'
import { parseManifest } from '../../src/oci/manifest.ts'

const AT = '2026-01-01T00:00:00.000Z'
const DIGEST = `sha256:${'a'.repeat(64)}`

const RECORD: RevisionRecord = {
  repository: 'blueprints',
  repositoryType: 'catalog',
  package: 'nf/upf',
  workspace: 'ws1',
  revision: 1,
  version: '1.2.0+3',
  lifecycle: 'Published',
  task: 'clone',
  upstream: { name: 'a.b.c', repository: 'a', package: 'b', revision: 2, version: null, digest: DIGEST },
  labels: { env: 'prod' },
  annotations: { 'example.com/note': 'any text' },
  readinessGates: [{ conditionType: 'Scanned' }],
  conditions: [{ type: 'Valid', status: 'True', reason: 'Valid', message: '' }],
  fileCount: 3,
  createdBy: 'ada',
  createdAt: AT,
  updatedAt: AT,
  proposedBy: 'ada',
  proposedAt: AT,
  proposedReason: null,
  review: { by: 'grace', at: AT, reason: null },
  publishedBy: 'grace',
  publishedAt: AT,
}
const LAYER = { layerDigest: DIGEST, layerSize: 1, diffId: DIGEST, configDigest: DIGEST, configSize: 1 }

function read(record: RevisionRecord, annotations: Record<string, string> = {}): RevisionRecord | undefined {
  const { descriptor, bytes } = packageManifest(record, LAYER)
  const manifest = parseManifest(bytes)
  const changed = { ...manifest, annotations: { ...manifest.annotations, ...annotations } }
  const repository = `${record.repository}/${record.package}`
  return readPackageManifest(repository, descriptor, Buffer.from(JSON.stringify(changed)))?.record
}

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, '']))

describe('a manifest', () => {
  it('is read with all that it has', () => {
    expect(read(RECORD)).toEqual(RECORD)
    expect(read({ ...RECORD, labels: many(256) })?.labels).toEqual(many(256))
  })

  it.each<[string, Partial<RevisionRecord>]>([
    ['too many labels', { labels: many(257) }],
    ['a label with an invalid key', { labels: { 'a b': '' } }],
    ['a label with an invalid value', { labels: { a: 'b c' } }],
    ['too large annotations', { annotations: { a: 'x'.repeat(256 * 1024) } }],
    ['an annotation with an invalid key', { annotations: { '/': '' } }],
    [
      'too large conditions',
      { conditions: [{ type: 'A', status: 'True', reason: '', message: 'x'.repeat(256 * 1024) }] },
    ],
    [
      'a condition with an invalid type',
      { conditions: [{ type: 'A b', status: 'True', reason: '', message: '' }] },
    ],
    ['a readiness gate with an invalid type', { readinessGates: [{ conditionType: '' }] }],
    ['a version that is none', { version: '1' }],
    ['a number after which none is exact', { revision: Number.MAX_SAFE_INTEGER }],
    ['a number beyond all packages', { revision: 2 ** 31 }],
    ['a number that is none', { revision: 1.5 }],
    ['a number without being published', { lifecycle: 'Draft', publishedAt: null }],
    ['no number although it is published', { revision: 0 }],
    ['no time of its publication', { publishedAt: null }],
    ['a workspace that is no label', { workspace: 'A' }],
    ['a name that is too long', { package: Array(4).fill('p'.repeat(60)).join('/') }],
    ['a package that is no path', { package: 'a//b' }],
    ['an upstream with an invalid digest', { upstream: { ...RECORD.upstream, digest: 'x' } as never }],
    ['an upstream with an invalid number', { upstream: { ...RECORD.upstream, revision: 2 ** 53 } as never }],
    ['no creator', { createdBy: '' }],
  ])('is refused with %s', (_, change) => {
    expect(() => read({ ...RECORD, ...change })).toThrow(/^its annotations are not valid: .{5,4200}$/s)
  })

  it.each(['1e0', '0x1', ' 1', '1 ', '+1', '-0', '', '1.0', '١'])(
    'is refused with the number "%s"',
    (text) => {
      expect(() => read(RECORD, { 'dev.pkgserver.revision': text })).toThrow(/revision: /)
    },
  )

  it('is refused in a few words, whatever it has', () => {
    const labels = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`a b ${at}`, '']))
    const refuse = () => read(RECORD, { 'dev.pkgserver.labels': JSON.stringify(labels) })
    expect(refuse).toThrow(/^.{1,4200}$/s)
  })
})

describe('the record of a package', () => {
  const retired = { workspace: 'a', revision: 1, version: null, deletion: null }
  const valid = { highestRevision: 1, versioned: null, retired: [retired] }

  it.each([
    { ...valid, highestRevision: Number.MAX_SAFE_INTEGER },
    { ...valid, highestRevision: -1 },
    { ...valid, retired: [{ ...retired, revision: Number.MAX_SAFE_INTEGER }] },
    { ...valid, retired: [{ ...retired, version: 'x' }] },
    { ...valid, retired: [{ ...retired, workspace: '' }] },
  ])('is refused where it breaks a rule: %o', (data) => {
    const bytes = (content: object) => Buffer.from(JSON.stringify(content))
    expect(readRecord('package', bytes(valid))).toEqual(valid)
    expect(() => readRecord('package', bytes(data))).toThrow(/^its record is not valid/)
  })
})
