/**
 * The ways round a review: other names and digests, jobs, and the bypass that a policy may have. There is no API of
 * Kubernetes yet, whose `/approval` would be another.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { changesAfter } from '../../../src/database/change-log.ts'
import { PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { changeEvent } from '../../../src/domain/webhook.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { deletePackageRevision } from '../../../src/service/review/delete-package-revision.ts'
import { proposeDeletion } from '../../../src/service/review/propose-deletion.ts'
import { exported } from '../../support/audit.ts'
import { runJob } from '../../support/jobs.ts'
import { NAME, reviews } from '../../support/reviews.ts'

const SERVICE = join(import.meta.dirname, '../../../src/service')

const REASON = 'the site is down'

it('27. approval: refuses the digest of another revision, and of an earlier state', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy()
  const before = await at.draft(ann)
  await at.propose(ann)
  const other = await at.proposed(ann, 'ws2')
  for (const { artifact } of [before, other]) {
    const approval = approve(at.ctx, bob, NAME, { digest: artifact.digest })
    await expect(approval).rejects.toMatchObject({ code: 'precondition_failed' })
  }
  await at.expectOpen()
  await at.expectOpen('blueprints.nf.upf.ws2')
})

it('27. approval: counts no votes on a draft whose name is used again', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.policy({ approvals: 2 })
  await at.proposed(ann)
  await at.approve(bob)
  const caller = { policy: await at.access.policy(), actor: ann }
  await deletePackageRevision(at.ctx, caller, NAME, 'any')
  await expect(at.draft(ann)).rejects.toMatchObject({ code: 'already_exists' })
  // Were the name free again, the row would be another one.
  expect(await at.ctx.db.selectFrom('review_votes').selectAll().execute()).toEqual([])
  expect(await at.ctx.db.selectFrom('review_authors').selectAll().execute()).toEqual([])
})

it('27. approval: makes drafts in bulk, and publishes none of them', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob')]
  await at.proposed(ann)
  await approve(at.ctx, bob, NAME)
  await at.policy()
  const targets = [{ repository: 'blueprints', package: 'nf/clone' }]
  const job = await runJob(at.adminClient, '/clones', { upstream: NAME, targets })
  expect(job).toMatchObject({ state: 'Completed' })
  const { items } = await at.adminClient.ok('GET', '/packagerevisions?repository=blueprints&package=nf/clone')
  expect(items).toMatchObject([{ lifecycle: 'Draft' }])
  // The creator of the job is the author, so may not approve.
  await at.propose(ann, items[0].name)
  await Promise.allSettled([at.approve(at.admin, {}, items[0].name)])
  await at.expectOpen(items[0].name)
})

it('27. approval: has the same rules for each call of the API', async () => {
  const at = await reviews()
  const ann = await at.person('ann')
  await at.policy()
  const { artifact } = await at.proposed(ann)
  const path = `/packagerevisions/${NAME}`
  const post = (body?: object) => at.adminClient.call('POST', `${path}/approve`, body)
  expect(await post()).toMatchObject({ status: 400, body: { detail: expect.stringContaining('digest') } })
  expect(await post({ digest: artifact.digest })).toMatchObject({ status: 403 })
  const direct = await at.adminClient.call(
    'PATCH',
    path,
    { conditions: [{ type: 'Approved', status: 'True' }] },
    { 'If-Match': '*' },
  )
  expect(direct.status).toBe(400)
  expect(
    (await at.adminClient.call('PATCH', path, { lifecycle: 'Published' }, { 'If-Match': '*' })).status,
  ).toBe(400)
  expect((await at.adminClient.call('POST', `${path}/reject`, { bypass: true })).status).toBe(400)
  await at.expectOpen()
})

it('27. approval: is the only way to publish, beside discovery', () => {
  const sources = readdirSync(SERVICE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(SERVICE, path), 'utf8') }))
  const having = (text: string) =>
    sources.filter((source) => source.text.includes(text)).map(({ path }) => path)
  expect(having('publish(ctx, {').sort()).toEqual(['discovery/publish-discovered.ts', 'review/approve.ts'])
  expect(having('deleteRevision(ctx, ').sort()).toEqual([
    'review/approve.ts',
    'review/delete-package-revision.ts',
  ])
  // A rejected deletion, and the artifact that a published revision must have.
  const back = ['maintenance/verify/expected-artifacts.ts', 'review/reject.ts']
  expect(having("lifecycle: 'Published'").sort()).toEqual([...back, 'review/publish.ts'].sort())
})

it('27. bypass: needs a policy that allows it, the role, a reason and a person', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'repository-admin')]
  await at.policy()
  await at.proposed(ann)
  const bypass = { bypass: true, reason: REASON }
  await expect(at.approve(bob, bypass)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('no bypass'),
  })
  await at.changePolicy({ bypass: { role: 'repository-admin' } })
  await expect(at.approve(ann, bypass)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('permission admin'),
  })
  await expect(at.approve(bob, { bypass: true, reason: ' urgent    ' })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('at least 10'),
  })
  const { bearer } = await at.withToken(bob, { permissions: PERMISSIONS })
  await expect(at.approve(bearer, bypass)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('log in'),
  })
  await at.policy({ name: 'other', approvals: 1 })
  await expect(at.approve(bob, bypass)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('other has no bypass'),
  })
  await at.expectOpen()
})

it('27. bypass: names what it publishes, as others may have proposed something else meanwhile', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'repository-admin')]
  await at.policy({ bypass: { role: 'repository-admin' } })
  await at.proposed(ann)
  const bypass = approve(at.ctx, bob, NAME, { bypass: true, reason: REASON })
  await expect(bypass).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('digest') })
  await at.expectOpen()
})

it('27. bypass: is shown for ever, told to webhooks, and audited', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'repository-admin')]
  await at.policy({ approvals: 2, bypass: { role: 'repository-admin' } })
  await at.proposed(ann)
  const { revision } = await at.approve(bob, { bypass: true, reason: REASON })
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'Bypassed',
    message: `bypassed by bob: ${REASON}`,
  }
  expect(revision).toMatchObject({ lifecycle: 'Published', conditions: expect.arrayContaining([condition]) })
  const changes = await changesAfter(at.ctx.db, 0, 1000)
  const event = changes.find((change) => changeEvent(change) === 'published')
  expect(event?.revision.conditions).toContainEqual(condition)
  const records = await exported(at.adminClient, '?type=revision.bypassed')
  expect(records).toMatchObject([
    {
      actor: { name: 'bob' },
      reason: REASON,
      details: { severity: 'high', policies: 'votes' },
      target: { revision: NAME },
      before: { lifecycle: 'Proposed' },
    },
  ])
  // A later deletion does not hide it.
  await proposeDeletion(at.ctx, ann, NAME)
  expect((await at.get()).conditions).toContainEqual(condition)
  const deleted = await at.approve(bob, { bypass: true, reason: 'leaked a password' })
  expect(deleted.revision.conditions).toContainEqual({
    type: 'DeletionProposed',
    status: 'True',
    reason: 'Bypassed',
    message: 'bypassed by bob: leaked a password',
  })
  const gone = (await changesAfter(at.ctx.db, 0, 1000)).findLast(
    (change) => changeEvent(change) === 'deleted',
  )
  expect(gone?.revision.conditions).toContainEqual(
    expect.objectContaining({ reason: 'Bypassed', type: 'DeletionProposed' }),
  )
  expect(await exported(at.adminClient, '?type=revision.bypassed')).toHaveLength(2)
})

it('27. bypass: is refused where no policy holds', async () => {
  const at = await reviews()
  const ann = await at.person('ann')
  await at.proposed(ann)
  await expect(at.approve(at.admin, { bypass: true, reason: REASON })).rejects.toMatchObject({
    code: 'invalid',
  })
  await at.expectOpen()
})
