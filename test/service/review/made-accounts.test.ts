/** Who stands behind a service account, through accounts, tokens and trusts that others made. */
import { expect, it } from 'vitest'
import { PERMISSIONS } from '../../../src/domain/access/permission.ts'
import type { Actor, PrincipalActor } from '../../../src/service/access/actor.ts'
import { authenticateToken } from '../../../src/service/access/authenticate.ts'
import { createServiceAccount } from '../../../src/service/accounts/create-service-account.ts'
import { deleteServiceAccount } from '../../../src/service/accounts/delete-service-account.ts'
import { rotateToken } from '../../../src/service/accounts/rotate-token.ts'
import { authorizeItem, credentialsOf } from '../../../src/service/jobs/job-rights.ts'
import { type Reviews, reviews } from '../../support/reviews.ts'

const isAuthor = { code: 'forbidden', message: expect.stringContaining('is one of the authors') }

const bot = (name: string) => ({ kind: 'serviceaccount', name }) as const
const create = ({ access }: Reviews, actor: Actor, name: string) =>
  createServiceAccount(access, actor, { name, displayName: '', scope: 'blueprints' })
const tokenOf = async (at: Reviews, maker: Actor, name?: string): Promise<PrincipalActor> =>
  (await at.withToken(maker, { ...(name !== undefined && { owner: bot(name) }), permissions: PERMISSIONS }))
    .bearer

it('25. self-approval: refuses who made the token that a service account has rotated', async () => {
  const at = await reviews()
  const [eva, bob] = [await at.person('eva', 'repository-admin'), await at.person('bob', 'repository-admin')]
  await at.policy()
  await create(at, eva, 'bot')
  await at.bind(bot('bot'), 'author', 'blueprints')
  const first = await tokenOf(at, bob, 'bot')
  const { text } = await rotateToken(at.access, first, first.token?.id ?? '', {})
  const second = await authenticateToken(at.access, text, undefined)
  await at.proposed('actor' in second ? second.actor : eva)
  await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
  await expect(at.approve(eva)).rejects.toMatchObject(isAuthor)
  await at.expectOpen()
})

it('25. self-approval: refuses who stands behind an account that accounts have made, which are deleted', async () => {
  const at = await reviews()
  const bob = await at.person('bob', 'repository-admin')
  await at.policy()
  await create(at, bob, 'one')
  await at.bind(bot('one'), 'repository-admin', 'blueprints')
  const one = await tokenOf(at, bob, 'one')
  await create(at, one, 'two')
  await at.bind(bot('two'), 'author', 'blueprints')
  const own = await tokenOf(at, await tokenOf(at, one, 'two'))
  await deleteServiceAccount(at.access, bob, 'one', 'any')
  await at.proposed(own)
  await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
  await at.expectOpen()
})

it('25. self-approval: counts two service accounts once that one person made, one through another', async () => {
  const at = await reviews()
  const [ann, bob] = [await at.person('ann'), await at.person('bob', 'repository-admin')]
  await at.policy({ approvals: 2, humansOnly: false })
  await create(at, bob, 'one')
  await at.bind(bot('one'), 'repository-admin', 'blueprints')
  const one = await tokenOf(at, bob, 'one')
  await create(at, one, 'two')
  await at.bind(bot('two'), 'reviewer', 'blueprints')
  const two = await tokenOf(at, await tokenOf(at, one, 'two'))
  await at.proposed(ann)
  await at.approve(two)
  expect((await at.approve(bob)).review?.complete).toBe(false)
  await at.expectOpen()
})

it('25. self-approval: refuses who made the token with which a service account has started a job', async () => {
  const at = await reviews()
  const [eva, bob] = [await at.person('eva', 'repository-admin'), await at.person('bob', 'repository-admin')]
  await at.policy()
  await create(at, eva, 'bot')
  await at.bind(bot('bot'), 'author', 'blueprints')
  const credentials = credentialsOf(await tokenOf(at, bob, 'bot'))
  const upstream = { name: 'blueprints.base.ws1', repository: 'blueprints', package: 'base', revision: 1 }
  const job = { createdBy: 'serviceaccount:bot', credentials, upstream }
  await at.proposed(
    await authorizeItem(at.ctx, at.access, job, { repository: 'blueprints', package: 'nf/upf' }),
  )
  await expect(at.approve(bob)).rejects.toMatchObject(isAuthor)
  await expect(at.approve(eva)).rejects.toMatchObject(isAuthor)
  expect((await at.approve(await at.person('cem'))).revision.lifecycle).toBe('Published')
})
