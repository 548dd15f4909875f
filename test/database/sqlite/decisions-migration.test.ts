/** An index of 0007 says who decided what only in the sentences of its conditions. */
import { expect, it, onTestFinished } from 'vitest'
import { findPackageRevision } from '../../../src/database/package-revisions/package-revisions.ts'
import { retiredWorkspaces } from '../../../src/database/repositories/packages.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { oldIndex } from '../../support/old-index.ts'

const CREATED = '2026-01-01T00:00:00.000Z'
const PUBLISHED = '2026-01-03T00:00:00.000Z'
const UPDATED = '2026-01-04T00:00:00.000Z'

const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
})
const proposed = (message: string) => condition('Approved', 'Unknown', 'Proposed', message)
const approved = (message: string) => condition('Approved', 'True', 'Approved', message)
const rejected = (message: string) => condition('Approved', 'False', 'Rejected', message)
const deletion = (message: string) => condition('DeletionProposed', 'True', 'DeletionProposed', message)

const proposal = { proposed_by: 'anonymous', proposed_at: CREATED }
const publication = {
  ...proposal,
  lifecycle: 'Published',
  published_by: 'anonymous',
  published_at: PUBLISHED,
}

type Facts = Record<string, unknown>
const NONE: Facts = { proposedReason: null, review: null, deletionProposal: null, deletionRejection: null }
const by = (at: string, reason: string | null, name = 'anonymous') => ({ by: name, at, reason })

const CASES: readonly [string, Facts, object[], Facts][] = [
  ['draft', { lifecycle: 'Draft' }, [], {}],
  ['proposed', { lifecycle: 'Proposed', ...proposal }, [proposed('proposed by anonymous')], {}],
  [
    'proposed-why',
    { lifecycle: 'Proposed', ...proposal },
    [proposed('proposed by anonymous: a: b\nc')],
    { proposedReason: 'a: b\nc' },
  ],
  [
    'proposed-odd',
    { lifecycle: 'Proposed', ...proposal, proposed_by: 'a: b' },
    [proposed('proposed by a: b: c: d')],
    { proposedReason: 'c: d' },
  ],
  [
    'rejected',
    { lifecycle: 'Draft' },
    [rejected('rejected by anonymous: not: yet')],
    { review: by(UPDATED, 'not: yet') },
  ],
  [
    'published',
    { ...publication, updated_at: PUBLISHED },
    [approved('approved by anonymous')],
    { review: by(PUBLISHED, null) },
  ],
  [
    'published-why',
    { ...publication, updated_at: PUBLISHED },
    [approved('approved by anonymous: checked by two: x, y')],
    { review: by(PUBLISHED, 'checked by two: x, y') },
  ],
  ['discovered', { ...publication, published_by: 'discovery', updated_at: PUBLISHED }, [], {}],
  [
    'deletion',
    { ...publication, lifecycle: 'DeletionProposed' },
    [approved('approved by anonymous'), deletion('proposed by anonymous: old: unused')],
    { review: by(PUBLISHED, null), deletionProposal: by(UPDATED, 'old: unused') },
  ],
  [
    'kept',
    publication,
    [approved('approved by anonymous')],
    { review: by(PUBLISHED, null), deletionRejection: by(UPDATED, null) },
  ],
]

it('the migration to decisions takes them from the conditions', async () => {
  const { file, database, addRevision } = await oldIndex('0008')
  database.exec(
    "INSERT INTO repositories (id, name, type, description, labels, created_by, created_at, updated_at, resource_version) VALUES (1, 'r', 'catalog', '', '{}', '', '', '', 1)",
  )
  database.exec("INSERT INTO packages (id, repository, path) VALUES (1, 'r', 'p')")
  database.exec("INSERT INTO retired_workspaces VALUES (1, 'gone', 90, NULL)")
  const valid = condition('Valid', 'True', 'Valid', 'proposed by nobody: it says')
  CASES.forEach(([workspace, row, conditions], at) => {
    const number = 'published_at' in row ? at + 1 : 0
    addRevision({
      id: at + 1,
      package_id: 1,
      repository: 'r',
      package: 'p',
      workspace,
      revision: number,
      updated_at: UPDATED,
      conditions: JSON.stringify([valid, ...conditions]),
      ...row,
    })
  })
  database.close()
  const db = openDatabase(file)
  onTestFinished(() => db.destroy())
  for (const [workspace, , conditions, facts] of CASES) {
    const revision = await findPackageRevision(db, `r.p.${workspace}`)
    expect(revision, workspace).toMatchObject({ ...NONE, ...facts, conditions: [valid, ...conditions] })
  }
  expect(await retiredWorkspaces(db, 1)).toEqual([
    { workspace: 'gone', revision: 90, version: null, deletion: null },
  ])
})
