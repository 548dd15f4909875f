/** What policies ask for, and what is shown of it. */
import { expect, it } from 'vitest'
import type { Actor } from '../../../src/service/access/actor.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { proposeDeletion } from '../../../src/service/review/propose-deletion.ts'
import { reject } from '../../../src/service/review/reject.ts'
import { showReview } from '../../../src/service/review/show-review.ts'
import { newTypes } from '../../support/audit.ts'
import { missingOf, NAME, type Reviews, reviews } from '../../support/reviews.ts'

const show = async (at: Reviews, actor: Actor, name = NAME) =>
  showReview(at.ctx, { policy: await at.access.policy(), actor }, name)

it('one approval publishes where no policy holds, without a digest', async () => {
  const at = await reviews()
  const ann = await at.person('ann')
  await at.policy({ repositories: ['other', 'blueprints/nf/smf/**'] })
  await at.proposed(ann)
  expect(await show(at, ann)).toMatchObject({
    rules: [{ policy: null, count: 1, missing: 1 }],
    problem: undefined,
  })
  const { revision, review } = await approve(at.ctx, ann, NAME)
  expect([revision.lifecycle, review]).toEqual(['Published', undefined])
})

it('all policies hold together', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [
    await at.person('ann'),
    await at.person('bob'),
    await at.person('cem', 'reviewer', 'security'),
  ]
  await at.policy({ approvals: 2 })
  await at.policy({ name: 'security', repositories: ['*'], groups: [{ group: 'security', count: 1 }] })
  await at.policy({ name: 'elsewhere', repositories: ['other'], approvals: 5 })
  await at.proposed(ann)
  const first = await at.approve(bob)
  expect(first.review?.rules).toEqual([
    { policy: 'security', rule: 'approvals', group: null, pattern: null, count: 1, by: ['bob'], missing: 0 },
    { policy: 'security', rule: 'group', group: 'security', pattern: null, count: 1, by: [], missing: 1 },
    { policy: 'votes', rule: 'approvals', group: null, pattern: null, count: 2, by: ['bob'], missing: 1 },
  ])
  expect((await at.approve(cem)).revision.lifecycle).toBe('Published')
})

it('counts the votes of a person once', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await at.approve(bob, { reason: 'first' })
  at.pass(1000)
  const { review } = await at.approve(bob, { reason: 'second' })
  expect(review?.votes).toMatchObject([{ by: 'bob', reason: 'second' }])
  await at.expectOpen()
})

it('asks for approvals of what a path is about, by the last published revision', async () => {
  const at = await reviews()
  const ann = await at.person('ann')
  const [bob, net] = [await at.person('bob'), await at.person('net', 'reviewer', 'network')]
  const files = {
    Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: upf}\n',
    'net/a.yaml': 'a: 1\n',
    'b.yaml': 'b: 1\n',
  }
  await at.draft(ann, 'ws1', at.files({ ...files }))
  await at.propose(ann)
  await approve(at.ctx, bob, NAME)
  await at.policy({ paths: [{ pattern: '/net/', group: 'network', count: 1 }] })

  const other = await at.draft(ann, 'ws2', at.files({ ...files, 'b.yaml': 'b: 2\n' }))
  await at.propose(ann, other.name)
  expect((await at.approve(bob, {}, other.name)).revision.lifecycle).toBe('Published')

  const { 'net/a.yaml': moved, ...rest } = files
  const renamed = await at.draft(
    ann,
    'ws3',
    at.files({ ...rest, 'b.yaml': 'b: 2\n', 'elsewhere/a.yaml': moved }),
  )
  await at.propose(ann, renamed.name)
  const { review } = await at.approve(bob, {}, renamed.name)
  expect(review?.rules.find(({ rule }) => rule === 'path')).toMatchObject({
    pattern: '/net/',
    group: 'network',
    missing: 1,
  })
  expect((await at.approve(net, {}, renamed.name)).revision.lifecycle).toBe('Published')

  await proposeDeletion(at.ctx, ann, renamed.name)
  expect(missingOf(await at.approve(bob, {}, renamed.name))).toMatchObject([{ rule: 'path' }])
})

it('keeps reasons of rejections, and sends back by one, or by as many as approvals', async () => {
  const at = await reviews()
  const [ann, bob, cem, dan] = [
    await at.person('ann'),
    await at.person('bob'),
    await at.person('cem'),
    await at.person('dan'),
  ]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  expect((await reject(at.ctx, bob, NAME, { reason: 'no' })).revision.lifecycle).toBe('Draft')
  await at.changePolicy({ approvals: 2, rejectionBlocks: false })
  await at.propose(ann)
  expect((await reject(at.ctx, bob, NAME, { reason: 'still no' })).revision.lifecycle).toBe('Proposed')
  expect(missingOf(await at.approve(cem))).toMatchObject([{ missing: 1 }])
  // Those who change their mind have one vote.
  await reject(at.ctx, cem, NAME, { reason: 'looked again' })
  expect((await at.get()).lifecycle).toBe('Draft')
  expect((await show(at, bob)).votes.map(({ by, reason }) => [by, reason])).toEqual(
    expect.arrayContaining([
      ['bob', 'no'],
      ['bob', 'still no'],
      ['cem', 'looked again'],
    ]),
  )
  await at.propose(ann)
  expect((await reject(at.ctx, ann, NAME)).revision.lifecycle, 'authors take it back').toBe('Draft')
  await at.propose(ann)
  await at.approve(dan)
  await at.approve(bob)
  expect((await at.get()).lifecycle).toBe('Published')
})

it('shows who may vote, and why others may not', async () => {
  const at = await reviews()
  const [ann, bob, rea] = [await at.person('ann'), await at.person('bob'), await at.person('rea', 'reader')]
  const author = await at.person('aut', 'author')
  await at.policy({ approvals: 2 })
  await at.draft(ann)
  expect(await show(at, bob)).toMatchObject({ problem: 'not_proposed', rules: [{ missing: 2 }] })
  await at.propose(ann)
  await at.approve(bob)
  expect((await show(at, bob)).problem).toBeUndefined()
  expect((await show(at, ann)).problem).toBe('author')
  expect((await show(at, author)).problem).toBe('no_right')
  expect((await show(at, (await at.withToken(bob, { permissions: ['review'] })).bearer)).problem).toBe(
    'not_in_person',
  )
  await expect(show(at, rea)).rejects.toMatchObject({ code: 'not_found' })
  await at.approve(await at.person('cem'))
  expect(await show(at, bob)).toMatchObject({
    rules: [],
    problem: 'not_proposed',
    votes: [{ by: 'cem' }, { by: 'bob' }],
  })
  await expect(show(at, rea), 'reasons are not for all readers').rejects.toMatchObject({ code: 'not_found' })
})

it('answers with what is required, given and missing', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy({ approvals: 2, humansOnly: false })
  const { artifact } = await at.proposed(ann)
  const client = at.clientWith((await at.withToken(bob, { permissions: ['review'] })).text)
  const answer = await client.verb(NAME, 'approve', { digest: artifact.digest, reason: 'fine' })
  expect(answer).toMatchObject({
    lifecycle: 'Proposed',
    review: {
      required: [{ policy: 'votes', rule: 'approvals', count: 2, by: ['bob'], missing: 1 }],
      given: [{ by: 'bob', verdict: 'approve', reason: 'fine', digest: artifact.digest, void: [] }],
      missing: [{ policy: 'votes', rule: 'approvals', missing: 1 }],
    },
  })
  const shown = await client.ok('GET', `/packagerevisions/${NAME}/review`)
  expect(shown).toMatchObject({
    name: NAME,
    digest: artifact.digest,
    mayVote: true,
    missing: [{ missing: 1 }],
  })
})

it('records each vote in the audit log', async () => {
  const at = await reviews()
  const types = newTypes(at.adminClient)
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await types()
  await at.approve(bob)
  await at.approve(cem)
  expect(await types()).toEqual(['revision.voted', 'revision.voted', 'revision.published'])
})
