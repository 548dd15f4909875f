/** Votes count as of the transaction that publishes. */
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { allBindings } from '../../../src/database/access/bindings.ts'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { deleteBinding } from '../../../src/service/accounts/delete-binding.ts'
import { revokeToken } from '../../../src/service/accounts/revoke-token.ts'
import { updateUser } from '../../../src/service/accounts/update-user.ts'
import { updatePackageRevision } from '../../../src/service/drafts/update-package-revision.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { reject } from '../../../src/service/review/reject.ts'
import { DAY } from '../../support/access.ts'
import { missingOf, NAME, reviews } from '../../support/reviews.ts'

it('26. stale approval: publishes only what was approved, with saves between (100 rounds)', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy()
  await at.draft(ann)
  let published = 0
  for (let round = 0; round < 100; round++) {
    const name = `blueprints.nf.upf.r${round}`
    await at.draft(ann, `r${round}`)
    const { artifact } = await at.propose(ann, name)
    const saving = async () => {
      await reject(at.ctx, ann, name)
      await at.edit(ann, `round ${round}`, name)
      await at.propose(ann, name)
    }
    const approving = () => approve(at.ctx, bob, name, { digest: artifact.digest })
    // The approval comes first, last, or between the steps of the save.
    const [, approval] = await Promise.allSettled(
      [
        () => [saving(), approving()],
        () => [approving().finally(saving), approving()],
        () => [saving(), new Promise(setImmediate).then(approving)],
        () => [saving(), setTimeout(round % 5).then(approving)],
      ][round % 4]?.() ?? [],
    )
    const { lifecycle, artifact: now } = await at.get(name)
    if (lifecycle !== 'Published') {
      expect(approval, name).toMatchObject({
        status: 'rejected',
        reason: { code: /precondition_failed|wrong_lifecycle/ },
      })
      continue
    }
    published++
    expect(now.layerDigest, 'what was approved').toBe(artifact.layerDigest)
  }
  expect(published).toBeGreaterThan(0)
  expect(published).toBeLessThan(100)
}, 60_000)

it('26. stale approval: asks again for the same digest that is proposed again', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2 })
  const first = await at.proposed(ann)
  await at.approve(bob)
  await reject(at.ctx, cem, NAME, { reason: 'not yet' })
  const second = await at.propose(ann)
  // The clock stands still, so all but the reasons is the same.
  expect(second.artifact.layerDigest).toBe(first.artifact.layerDigest)
  const given = await at.approve(cem)
  expect(missingOf(given)).toEqual([{ rule: 'approvals', group: null, missing: 1 }])
  const [last, ...earlier] = given.review?.votes ?? []
  expect(last).toMatchObject({ by: 'cem', verdict: 'approve', proposal: 2, void: [] })
  expect(earlier).toHaveLength(2)
  expect(earlier).toContainEqual(
    expect.objectContaining({ by: 'cem', verdict: 'reject', reason: 'not yet', proposal: 1 }),
  )
  expect(earlier.map((vote) => vote.void)).toMatchObject([
    [{ reason: 'earlier_proposal' }],
    [{ reason: 'earlier_proposal' }],
  ])
  await at.expectOpen()
})

it('26. stale approval: applies a policy that was tightened meanwhile', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await at.approve(bob)
  await at.changePolicy({ approvals: 3 })
  expect(missingOf(await at.approve(cem))).toMatchObject([{ missing: 1 }])
  await at.expectOpen()
})

it('26. stale approval: applies a policy that is tightened between the vote and the publication', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy()
  await at.proposed(ann)
  const repository = at.ctx.registry.repository('blueprints/nf/upf')
  const registry = {
    ...at.ctx.registry,
    repository: () =>
      new Proxy(repository, {
        get: (target, key) => {
          const value = Reflect.get(target, key)
          if (key !== 'push' && key !== 'pushManifest')
            return typeof value === 'function' ? value.bind(target) : value
          return async (...args: unknown[]) => {
            await at.changePolicy({ approvals: 2 })
            return value.apply(target, args)
          }
        },
      }),
  } as typeof at.ctx.registry
  const { digest } = (await at.get()).artifact
  const outcome = await approve({ ...at.ctx, registry }, bob, NAME, { digest })
  expect(missingOf(outcome)).toMatchObject([{ rule: 'approvals', missing: 1 }])
  await at.expectOpen()
})

it('26. stale approval: refuses to publish where a policy is created during an approval without one', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.proposed(ann)
  let created = false
  const policyOf: typeof at.ctx.policyOf = async (transaction) => {
    if (transaction || created) return at.ctx.policyOf(transaction)
    const before = await at.ctx.policyOf()
    created = true
    await at.policy()
    return before
  }
  await expect(approve({ ...at.ctx, policyOf }, bob, NAME)).rejects.toMatchObject({ code: 'conflict' })
  await at.expectOpen()
})

it('26. stale approval: counts no approver who lost the group, the right, the account or the token', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'maintainer', 'security')]
  const [cem, dan] = [await at.person('cem'), await at.person('dan')]
  const owner = await at.account('bot', 'blueprints')
  await at.bind(owner, 'reviewer', 'blueprints')
  const { bearer: bot, token } = await at.withToken(SYSTEM, { owner, permissions: ['review'] })
  await at.policy({ approvals: 5, humansOnly: false, groups: [{ group: 'security', count: 1 }] })
  await at.proposed(ann)
  for (const voter of [bob, cem, dan, bot]) await at.approve(voter)
  await at.user('bob')
  const ofCem = (await allBindings(at.ctx.db)).find(({ principalId }) => principalId === cem.principalId)
  await deleteBinding(at.access, SYSTEM, ofCem?.id ?? '')
  await updateUser(at.access, SYSTEM, 'dan', { disabled: true }, 'any')
  await revokeToken(at.access, SYSTEM, token.id, 'leaked')
  const { review } = await at.approve(await at.person('eva'))
  expect(review?.rules).toMatchObject([
    { rule: 'approvals', by: expect.arrayContaining(['bob', 'eva']), missing: 3 },
    { rule: 'group', by: [], missing: 1 },
  ])
  const voids = Object.fromEntries((review?.votes ?? []).map((vote) => [vote.by, vote.void[0]?.reason]))
  expect(voids).toEqual({
    bob: undefined,
    eva: undefined,
    cem: 'no_right',
    dan: 'account_ended',
    'serviceaccount:bot': 'account_ended',
  })
  await at.expectOpen()
})

it('26. stale approval: counts no groups that the identity provider has not named for a week', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'maintainer', 'security')]
  await at.policy({ approvals: 2, groups: [{ group: 'security', count: 1 }] })
  await at.proposed(ann)
  await at.approve(bob)
  at.pass(8 * DAY)
  expect(missingOf(await at.approve(await at.person('cem')))).toMatchObject([{ rule: 'group', missing: 1 }])
  await at.expectOpen()
})

it('26. stale approval: counts no vote that is older than the policy allows', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2, maxAge: '1d' })
  await at.proposed(ann)
  await at.approve(bob)
  at.pass(2 * DAY)
  expect(missingOf(await at.approve(cem))).toMatchObject([{ missing: 1 }])
  expect((await at.approve(bob)).revision.lifecycle).toBe('Published')
})

it('26. stale approval: needs the digest, and the right one', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2 })
  const { artifact } = await at.proposed(ann)
  await expect(approve(at.ctx, bob, NAME)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('send the digest'),
  })
  const digest = `sha256:${'0'.repeat(64)}`
  await expect(approve(at.ctx, bob, NAME, { digest })).rejects.toMatchObject({ code: 'precondition_failed' })
  await at.approve(bob)
  // Reporting a condition changes the artifact, so what was approved is another one.
  const conditions = [{ type: 'Scanned', status: 'True' as const, reason: 'Clean', message: '' }]
  await updatePackageRevision(at.ctx, cem, NAME, { conditions }, 'any')
  await expect(approve(at.ctx, cem, NAME, { digest: artifact.digest })).rejects.toMatchObject({
    code: 'precondition_failed',
  })
  const { review } = await at.approve(cem)
  expect(review?.votes).toMatchObject([
    { by: 'cem', void: [] },
    { by: 'bob', void: [{ reason: 'other_digest' }] },
  ])
  await at.expectOpen()
})
