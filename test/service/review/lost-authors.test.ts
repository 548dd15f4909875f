/** What is not known does not help to publish: authors of old drafts, and votes that a rebuilt index does not have. */
import { expect, it } from 'vitest'
import { reindexInWords } from '../../../src/cli/reindex.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { proposeDeletion } from '../../../src/service/review/propose-deletion.ts'
import { reject } from '../../../src/service/review/reject.ts'
import { reindexed } from '../../support/reindexed.ts'
import { missingOf, NAME, type Reviews, reviews } from '../../support/reviews.ts'

const ROWS = ['review_votes', 'review_authors', 'review_proposals'] as const

/** Leaves the index as one that was rebuilt, or that an earlier version has filled. */
async function forget({ ctx }: Reviews): Promise<void> {
  await ctx.commits.run(async (transaction) => {
    for (const table of ROWS) await transaction.deleteFrom(table).execute()
  })
}

it('a rebuilt index has no votes and authors, and the report says so', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await at.approve(bob)
  const { parts, report } = await reindexed({ parts: at.parts, client: at.client, address: '' })
  for (const table of [...ROWS, 'review_policies'] as const) {
    expect(await parts.ctx.db.selectFrom(table).selectAll().execute()).toEqual([])
  }
  expect(reindexInWords({ ...report, aside: undefined })).toContain(
    'review policies, votes, and who wrote the drafts',
  )
})

it('a draft whose authors are not known is not published where authors may not approve', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await at.approve(bob)
  await forget(at)
  expect(missingOf(await at.approve(cem))).toMatchObject([
    { rule: 'approvals', missing: 1 },
    { rule: 'authors' },
  ])
  await at.approve(bob)
  await at.expectOpen()
  await reject(at.ctx, bob, NAME)
  await at.edit(ann, 'by ann')
  await at.propose(ann)
  await at.approve(bob)
  expect(missingOf(await at.approve(cem))).toMatchObject([{ rule: 'authors' }])
  await at.expectOpen()

  const copy = await at.draft(ann, 'ws2', { task: 'copy', from: NAME })
  await at.propose(ann, copy.name)
  await at.approve(bob, {}, copy.name)
  expect(missingOf(await at.approve(cem, {}, copy.name)), 'a copy has the same authors').toMatchObject([
    { rule: 'authors' },
  ])

  const again = await at.draft(
    ann,
    'ws3',
    at.files({ Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: upf}\n' }),
  )
  await at.propose(ann, again.name)
  await at.approve(bob, {}, again.name)
  expect((await at.approve(cem, {}, again.name)).revision.lifecycle).toBe('Published')
})

it('the deletion of an old revision needs only that its proposer is known', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.proposed(ann)
  await approve(at.ctx, bob, NAME)
  await proposeDeletion(at.ctx, ann, NAME)
  await forget(at)
  await at.policy()
  expect(missingOf(await at.approve(bob))).toMatchObject([{ rule: 'authors' }])
  await reject(at.ctx, bob, NAME)
  await proposeDeletion(at.ctx, ann, NAME)
  await at.approve(bob)
  await expect(at.get()).rejects.toMatchObject({ code: 'not_found' })
})
