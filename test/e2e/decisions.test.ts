/** The index and the registry keep every decision about a revision: its actor, time and reason. */
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { packageManifest } from '../../src/artifact/package-manifest.ts'
import { packRecord } from '../../src/artifact/record.ts'
import { indexedPackage } from '../../src/database/maintenance/indexed-package.ts'
import type { ServiceContext } from '../../src/service/context.ts'
import { approve } from '../../src/service/review/approve.ts'
import { deletePackageRevision } from '../../src/service/review/delete-package-revision.ts'
import { propose } from '../../src/service/review/propose.ts'
import { proposeDeletion } from '../../src/service/review/propose-deletion.ts'
import { reject } from '../../src/service/review/reject.ts'
import { callerOf, memoryApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { reindexed } from '../support/reindexed.ts'

const NAME = 'blueprints.nf.upf.ws1'
const OCI = 'blueprints/nf/upf'
const ADA = { name: 'Ada: admin' }
const BOB = { name: 'bob' }

async function started(): Promise<TestApp & { ctx: ServiceContext }> {
  const app = await memoryApp()
  await app.client.createRepository()
  await app.client.createDraft('ws1')
  return { ...app, ctx: app.parts.ctx }
}

/** All that the index has of the package, without the numbers that each index gives out by itself. */
async function indexed({ db }: ServiceContext) {
  const found = await indexedPackage(db, { repository: 'blueprints', package: 'nf/upf' })
  if (!found) throw new Error('the package is missing')
  const { id, revisions, ...state } = found
  const contents = revisions.map(({ revision: { resourceVersion, ...revision } }) => revision)
  return { ...state, revisions: contents }
}

async function verify(client: Client, fix = false): Promise<{ problem: string; fixed: boolean }[]> {
  return (await client.ok('POST', '/verifications', { fix })).differences
}

async function published(ctx: ServiceContext): Promise<void> {
  await propose(ctx, ADA, NAME, { reason: 'ready: see the ticket' })
  await approve(ctx, BOB, NAME, { reason: 'checked: twice' })
}

describe('decisions', () => {
  it('are kept as fields, whatever names and reasons hold', async () => {
    const { ctx, client } = await started()
    const at = expect.stringMatching(/^20.*Z$/)
    const reason = 'a: b\nproposed by c: d'
    expect(await propose(ctx, ADA, NAME, { reason })).toMatchObject({
      proposedBy: 'Ada: admin',
      proposedReason: reason,
      review: null,
    })
    expect((await reject(ctx, BOB, NAME, { reason })).revision).toMatchObject({
      proposedBy: null,
      proposedReason: null,
      review: { by: 'bob', at, reason },
    })
    await propose(ctx, ADA, NAME)
    expect((await approve(ctx, ADA, NAME)).revision).toMatchObject({
      proposedBy: 'Ada: admin',
      review: { by: 'Ada: admin', at, reason: null },
      publishedBy: 'Ada: admin',
      deletionProposal: null,
    })
    const doomed = await proposeDeletion(ctx, ADA, NAME, { reason })
    expect(doomed).toMatchObject({ deletionProposal: { by: 'Ada: admin', at, reason } })
    expect(doomed.conditions.at(-1)).toEqual({
      type: 'DeletionProposed',
      status: 'True',
      reason: 'DeletionProposed',
      message: `proposed by Ada: admin: ${reason}`,
    })
    expect((await reject(ctx, BOB, NAME, { reason })).revision).toMatchObject({
      deletionProposal: null,
      deletionRejection: { by: 'bob', at, reason },
    })
    expect(await verify(client)).toEqual([])
    expect(await proposeDeletion(ctx, ADA, NAME, { reason: '' })).toMatchObject({
      deletionProposal: { by: 'Ada: admin', at, reason: '' },
      deletionRejection: { by: 'bob', at, reason },
    })
    expect(await verify(client)).toEqual([])
  })

  it('are the same in an index that is rebuilt from the registry', async () => {
    const app = await started()
    const { ctx, client } = app
    await published(ctx)
    await proposeDeletion(ctx, ADA, NAME, { reason: 'old: unused' })
    await reject(ctx, BOB, NAME, { reason: 'no: in use' })
    await proposeDeletion(ctx, ADA, NAME, { reason: 'again: really' })
    for (const workspace of ['ws2', 'ws3', 'ws4']) await client.createDraft(workspace)
    await propose(ctx, ADA, 'blueprints.nf.upf.ws2', { reason: 'p: q' })
    await propose(ctx, ADA, 'blueprints.nf.upf.ws3')
    await reject(ctx, BOB, 'blueprints.nf.upf.ws3', { reason: 'r: s' })
    await deletePackageRevision(ctx, await callerOf(app, ADA), 'blueprints.nf.upf.ws4', undefined)
    const again = await reindexed(app)
    expect(await indexed(again.parts.ctx)).toEqual(await indexed(ctx))
    expect(await verify(again.client)).toEqual([])
  })

  it('outlive the revision that they deleted', async () => {
    const app = await started()
    const { ctx } = app
    await published(ctx)
    await proposeDeletion(ctx, ADA, NAME)
    await approve(ctx, BOB, NAME, { reason: 'gone: for good' })
    const by = { by: 'bob', at: expect.stringMatching(/^20.*Z$/), reason: 'gone: for good' }
    const retired = [{ workspace: 'ws1', revision: 1, version: null, deletion: by }]
    expect(await indexed(ctx)).toMatchObject({ retired })
    const again = await reindexed(app)
    expect(await indexed(again.parts.ctx)).toMatchObject({ retired })
  })

  it('are recorded again if their record is lost', async () => {
    const { ctx, client } = await started()
    await published(ctx)
    await proposeDeletion(ctx, ADA, NAME, { reason: 'old: unused' })
    await reject(ctx, BOB, NAME, { reason: 'no: in use' })
    await proposeDeletion(ctx, ADA, NAME, { reason: 'again: really' })
    const target = ctx.registry.repository(OCI)
    for (const tag of ['deletion-proposed-v1', '_deletion-rejected-v1']) {
      const record = await target.resolve(tag)
      await target.untag(tag)
      const problem = `the decision about the deletion of ${NAME} is not recorded`
      expect(await verify(client, true)).toMatchObject([{ problem, fixed: true }])
      expect(await target.resolve(tag)).toEqual(record)
      expect(await verify(client)).toEqual([])
    }
  })

  it('are restored in a row that differs from the registry', async () => {
    const { ctx, client } = await started()
    await published(ctx)
    await proposeDeletion(ctx, ADA, NAME)
    const before = await indexed(ctx)
    for (const [change, field] of [
      ["reviewed_by = 'eve'", 'review'],
      ["proposed_reason = 'x'", 'proposedReason'],
      ['deletion_proposed_by = NULL', 'deletionProposal'],
    ]) {
      await sql.raw(`UPDATE package_revisions SET ${change}`).execute(ctx.db)
      const problem = `the row of ${NAME} differs from the registry: ${field}`
      expect(await verify(client, true)).toMatchObject([{ problem, fixed: true }])
      expect(await indexed(ctx)).toEqual(before)
    }
  })
})

describe('a registry from before decisions had fields', () => {
  it('agrees with the index that took them from its conditions', async () => {
    const app = await started()
    const { ctx, client } = app
    await published(ctx)
    await proposeDeletion(ctx, BOB, NAME)
    await reject(ctx, BOB, NAME, { reason: 'no: in use' })
    const [row] = (await indexed(ctx)).revisions
    if (!row) throw new Error('the revision is missing')
    // As it was written: the manifest says nothing of reviews, and the row does not know why the deletion was rejected.
    const old = { ...row, updatedAt: row.publishedAt ?? '', proposedReason: null, review: null }
    const manifest = packageManifest(old, row.artifact)
    const target = ctx.registry.repository(OCI)
    await target.push(manifest.descriptor, manifest.bytes)
    await target.tag(manifest.descriptor, 'v1', 'v1.0.0', 'latest')
    const { digest, size } = manifest.descriptor
    await sql`UPDATE package_revisions SET digest = ${digest}, size = ${size}, deletion_rejected_reason = NULL`.execute(
      ctx.db,
    )
    expect(await verify(client)).toEqual([])

    const known = await indexed(ctx)
    await target.delete(manifest.descriptor)
    expect((await verify(client, true)).every(({ fixed }) => fixed)).toBe(true)
    expect((await target.resolve('v1')).digest).toBe(digest)
    expect(await indexed(ctx)).toEqual(known)

    const again = await reindexed(app)
    expect((await indexed(again.parts.ctx)).revisions).toMatchObject([
      { publishedBy: 'bob', review: null, deletionRejection: { by: 'bob', reason: 'no: in use' } },
    ])
  })

  it('has records of packages that do not say who deleted what', async () => {
    const app = await started()
    const { ctx, client } = app
    await deletePackageRevision(ctx, await callerOf(app, ADA), NAME, undefined)
    const data = {
      highestRevision: 0,
      versioned: null,
      retired: [{ workspace: 'ws1', revision: 0, version: null }],
    }
    const record = packRecord('package', data as unknown as Parameters<typeof packRecord<'package'>>[1])
    const target = ctx.registry.repository(OCI)
    for (const { descriptor, bytes } of [...record.blobs, record.manifest])
      await target.push(descriptor, bytes)
    await target.tag(record.manifest.descriptor, '_package')
    expect(await verify(client)).toEqual([])
    const again = await reindexed(app)
    expect((await indexed(again.parts.ctx)).retired).toEqual([
      { workspace: 'ws1', revision: 0, version: null, deletion: null },
    ])
  })
})
