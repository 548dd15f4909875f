import { describe, expect, it } from 'vitest'
import { readAnnotations, writeAnnotations } from '../../src/artifact/annotations.ts'
import type { RevisionRecord } from '../../src/domain/package-revision.ts'

const DRAFT: RevisionRecord = {
  repository: 'deployments',
  repositoryType: 'deployment',
  package: 'nf/upf',
  workspace: 'ws1',
  revision: 0,
  version: null,
  lifecycle: 'Draft',
  task: 'resources',
  upstream: null,
  labels: {},
  annotations: {},
  readinessGates: [],
  conditions: [],
  fileCount: 3,
  createdBy: 'ada',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-02T00:00:00.000Z',
  proposedBy: null,
  proposedAt: null,
  proposedReason: null,
  review: null,
  publishedBy: null,
  publishedAt: null,
}

const PUBLISHED: RevisionRecord = {
  ...DRAFT,
  revision: 7,
  version: '1.2.0+3',
  lifecycle: 'Published',
  task: 'clone',
  upstream: {
    name: 'blueprints.nf.upf.main',
    repository: 'blueprints',
    package: 'nf/upf',
    revision: 2,
    version: '0.9.0',
    digest: `sha256:${'a'.repeat(64)}`,
  },
  labels: { env: 'prod' },
  annotations: { 'example.com/note': 'ümlaut "quoted"\n' },
  readinessGates: [{ conditionType: 'Scanned' }],
  conditions: [{ type: 'Valid', status: 'True', reason: 'Valid', message: '' }],
  proposedBy: 'ada',
  proposedAt: '2026-01-03T00:00:00.000Z',
  proposedReason: 'ready: see the ticket',
  review: { by: 'grace', at: '2026-01-04T00:00:00.000Z', reason: 'checked' },
  publishedBy: 'grace',
  publishedAt: '2026-01-04T00:00:00.000Z',
}

describe('the annotations of a manifest', () => {
  it('record everything that the index knows of a revision', () => {
    expect(readAnnotations(writeAnnotations(DRAFT))).toEqual(DRAFT)
    expect(readAnnotations(writeAnnotations(PUBLISHED))).toEqual(PUBLISHED)
  })

  it('have the names that clients expect', () => {
    expect(writeAnnotations(PUBLISHED)).toEqual({
      'org.opencontainers.image.created': '2026-01-04T00:00:00.000Z',
      'org.opencontainers.image.title': 'nf/upf',
      'org.opencontainers.image.version': '1.2.0+3',
      'org.opencontainers.image.revision': 'deployments/nf/upf/v7',
      'dev.pkgserver.repository': 'deployments',
      'dev.pkgserver.repository-type': 'deployment',
      'dev.pkgserver.package': 'nf/upf',
      'dev.pkgserver.workspace': 'ws1',
      'dev.pkgserver.lifecycle': 'Published',
      'dev.pkgserver.revision': '7',
      'dev.pkgserver.version': '1.2.0+3',
      'dev.pkgserver.task': 'clone',
      'dev.pkgserver.upstream': 'blueprints.nf.upf.main',
      'dev.pkgserver.upstream-digest': `sha256:${'a'.repeat(64)}`,
      'dev.pkgserver.upstream-revision': '2',
      'dev.pkgserver.upstream-version': '0.9.0',
      'dev.pkgserver.labels': '{"env":"prod"}',
      'dev.pkgserver.annotations': '{"example.com/note":"ümlaut \\"quoted\\"\\n"}',
      'dev.pkgserver.readiness-gates': '[{"conditionType":"Scanned"}]',
      'dev.pkgserver.conditions': '[{"type":"Valid","status":"True","reason":"Valid","message":""}]',
      'dev.pkgserver.file-count': '3',
      'dev.pkgserver.created-by': 'ada',
      'dev.pkgserver.created-at': '2026-01-01T00:00:00.000Z',
      'dev.pkgserver.updated-at': '2026-01-02T00:00:00.000Z',
      'dev.pkgserver.proposed-by': 'ada',
      'dev.pkgserver.proposed-at': '2026-01-03T00:00:00.000Z',
      'dev.pkgserver.proposed-reason': 'ready: see the ticket',
      'dev.pkgserver.reviewed-by': 'grace',
      'dev.pkgserver.reviewed-at': '2026-01-04T00:00:00.000Z',
      'dev.pkgserver.reviewed-reason': 'checked',
      'dev.pkgserver.published-by': 'grace',
      'dev.pkgserver.published-at': '2026-01-04T00:00:00.000Z',
    })
  })
})
