/** Whose votes count: not those of authors, whichever way they worked on a draft. */
import { describe, expect, it } from 'vitest'
import { PERMISSIONS } from '../../../src/domain/access/permission.ts'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { createServiceAccount } from '../../../src/service/accounts/create-service-account.ts'
import { updatePackageRevision } from '../../../src/service/drafts/update-package-revision.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { proposeDeletion } from '../../../src/service/review/propose-deletion.ts'
import { reject } from '../../../src/service/review/reject.ts'
import { missingOf, NAME, reviews } from '../../support/reviews.ts'

const isAuthor = { code: 'forbidden', message: expect.stringContaining('is one of the authors') }

describe('25. self-approval', () => {
  it('25. self-approval: refuses the author', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.proposed(ann)
    await expect(at.approve(ann)).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
    expect((await at.approve(bob)).revision).toMatchObject({ lifecycle: 'Published', publishedBy: 'bob' })
  })

  it('25. self-approval: refuses the proposer', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.draft(ann)
    await at.propose(bob)
    await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
  })

  it('25. self-approval: refuses those who edited files, metadata or gates, also before a rejection', async () => {
    const at = await reviews()
    const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
    await at.policy()
    await at.draft(ann)
    await at.edit(bob, 'by bob')
    await updatePackageRevision(at.ctx, cem, NAME, { labels: { team: 'core' } }, 'any')
    await at.propose(ann)
    await reject(at.ctx, await at.person('dan'), NAME)
    await at.edit(ann, 'all of it is by ann again')
    await at.propose(ann)
    await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
    await expect(at.approve(cem)).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
  })

  it('25. self-approval: lets a reviewer report a condition', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.proposed(ann)
    const conditions = [{ type: 'Scanned', status: 'True' as const, reason: 'Clean', message: '' }]
    await updatePackageRevision(at.ctx, bob, NAME, { conditions }, 'any')
    expect((await at.approve(bob)).revision.lifecycle).toBe('Published')
  })

  it('25. self-approval: refuses the editor by a token', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.draft(ann)
    await at.edit((await at.withToken(bob)).bearer, 'with a token')
    await at.propose(ann)
    await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
  })

  it('25. self-approval: refuses the owner of the service account that edited, and the maker of its token', async () => {
    const at = await reviews()
    const [ann, bob, eva] = [
      await at.person('ann'),
      await at.person('bob', 'repository-admin'),
      await at.person('eva', 'repository-admin'),
    ]
    await at.policy()
    await createServiceAccount(at.access, eva, { name: 'bot', displayName: '', scope: 'blueprints' })
    const owner = { kind: 'serviceaccount', name: 'bot' } as const
    await at.bind(owner, 'author', 'blueprints')
    const { bearer } = await at.withToken(bob, { owner })
    await at.draft(ann)
    await at.edit(bearer, 'by a bot')
    await at.propose(ann)
    await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
    await expect(at.approve(eva)).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
    expect((await at.approve(await at.person('cem'))).revision.lifecycle).toBe('Published')
  })

  it('25. self-approval: refuses the authors of a draft whose content was copied', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.draft(ann)
    const { name } = await at.draft(bob, 'ws2', { task: 'copy', from: NAME })
    await at.propose(bob, name)
    await expect(at.approve(ann, {}, name)).rejects.toMatchObject(isAuthor)
    await at.expectOpen(name)
  })

  it('25. self-approval: refuses the same person by a second login', async () => {
    const at = await reviews()
    const ann = await at.person('ann')
    await at.policy()
    await at.proposed(ann)
    // Logins of one identity are one principal; there is no way to link two.
    await expect(at.approve(await at.user('ann'))).rejects.toMatchObject(isAuthor)
    await at.expectOpen()
  })

  it("25. self-approval: does not count an author's vote for a group", async () => {
    const at = await reviews()
    const ann = await at.person('ann', 'maintainer', 'security')
    const [bob, cem] = [await at.person('bob'), await at.person('cem', 'maintainer', 'security')]
    await at.policy({ groups: [{ group: 'security', count: 1 }] })
    await at.proposed(ann)
    await expect(at.approve(ann)).rejects.toMatchObject(isAuthor)
    expect(missingOf(await at.approve(bob))).toEqual([{ rule: 'group', group: 'security', missing: 1 }])
    await at.expectOpen()
    expect((await at.approve(cem)).revision.lifecycle).toBe('Published')
  })

  it('25. self-approval: refuses tokens and service accounts where people must approve', async () => {
    const at = await reviews()
    const [ann, bob] = [await at.person('ann'), await at.person('bob')]
    await at.policy()
    await at.proposed(ann)
    const { bearer } = await at.withToken(bob, { permissions: PERMISSIONS })
    await expect(at.approve(bearer)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('log in with a browser'),
    })
    const owner = await at.account('bot', 'blueprints')
    await at.bind(owner, 'reviewer', 'blueprints')
    const bot = await at.withToken(SYSTEM, { owner, permissions: ['review'] })
    await expect(at.approve(bot.bearer)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('only approvals of people'),
    })
    await at.expectOpen()
    await at.changePolicy({ humansOnly: false })
    expect((await at.approve(bot.bearer)).revision.lifecycle).toBe('Published')
  })

  it('25. self-approval: counts a person and their service account once', async () => {
    const at = await reviews()
    const [ann, eva] = [await at.person('ann'), await at.person('eva', 'repository-admin')]
    await at.policy({ approvals: 2, humansOnly: false })
    await createServiceAccount(at.access, eva, { name: 'bot', displayName: '', scope: 'blueprints' })
    const owner = { kind: 'serviceaccount', name: 'bot' } as const
    await at.bind(owner, 'reviewer', 'blueprints')
    const { bearer } = await at.withToken(eva, { owner, permissions: ['review'] })
    await at.proposed(ann)
    await at.approve(bearer)
    at.pass(1000)
    expect(missingOf(await at.approve(eva))).toEqual([{ rule: 'approvals', group: null, missing: 1 }])
    await at.expectOpen()
  })

  it('25. self-approval: refuses callers without an account, and publishes nothing that they wrote', async () => {
    const at = await reviews()
    const root = { kind: 'root', name: 'root:settings' } as Parameters<typeof at.draft>[0]
    const [bob, cem] = [await at.person('bob'), await at.person('cem')]
    await at.policy()
    await at.proposed(root)
    await expect(at.approve(root)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('has no account'),
    })
    await at.approve(bob)
    expect(missingOf(await at.approve(cem))).toMatchObject([{ rule: 'authors' }])
    await at.expectOpen()
    await at.changePolicy({ excludeAuthors: false })
    expect((await at.approve(cem)).revision.lifecycle).toBe('Published')
  })

  it('25. self-approval: refuses who proposed a deletion to approve it', async () => {
    const at = await reviews()
    const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
    await at.proposed(ann)
    await approve(at.ctx, bob, NAME)
    await at.policy()
    await proposeDeletion(at.ctx, cem, NAME)
    await expect(at.approve(cem)).rejects.toMatchObject(isAuthor)
    // Nor may it be deleted without votes.
    const deleted = await at.adminClient.call('DELETE', `/packagerevisions/${NAME}`, undefined, {
      'If-Match': '*',
    })
    expect(deleted).toMatchObject({ status: 403, body: { detail: expect.stringContaining('votes') } })
    expect((await at.get()).lifecycle).toBe('DeletionProposed')
    await at.approve(ann)
    await expect(at.get()).rejects.toMatchObject({ code: 'not_found' })
  })
})
