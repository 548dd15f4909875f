import { describe, expect, it } from 'vitest'
import { type Actor, ANONYMOUS, SYSTEM } from '../../../src/service/access/actor.ts'
import { authenticateToken } from '../../../src/service/access/authenticate.ts'
import { createServiceAccount } from '../../../src/service/accounts/create-service-account.ts'
import { deleteServiceAccount } from '../../../src/service/accounts/delete-service-account.ts'
import {
  getServiceAccount,
  listServiceAccounts,
} from '../../../src/service/accounts/list-service-accounts.ts'
import { listUsers } from '../../../src/service/accounts/list-users.ts'
import { updateServiceAccount } from '../../../src/service/accounts/update-service-account.ts'
import { updateUser } from '../../../src/service/accounts/update-user.ts'
import { accounts } from '../../support/access.ts'

const FORBIDDEN = { code: 'forbidden' }
const NOT_FOUND = { code: 'not_found' }

async function team() {
  const at = await accounts()
  const ann = await at.user('ann')
  const bob = await at.user('bob')
  await at.bind({ kind: 'user', name: 'ann' }, 'repository-admin', 'team-*')
  const create = (actor: Actor, name: string, scope: string) =>
    createServiceAccount(at.access, actor, { name, displayName: 'CI', scope })
  const names = async (actor: Actor) =>
    (await listServiceAccounts(at.ctx, at.access, actor, { limit: 10 })).items.map(({ name }) => name)
  return { ...at, ann, bob, create, names }
}

describe('a service account', () => {
  it('is created for repositories by their administrators, without rights', async () => {
    const at = await team()
    expect(await at.create(at.ann, 'ci', 'team-a')).toMatchObject({
      kind: 'serviceaccount',
      name: 'ci',
      displayName: 'CI',
      scope: 'team-a',
      ownerId: at.ann.principalId,
      disabled: false,
      createdBy: 'ann',
    })
    await expect(at.create(at.ann, 'wide', '*')).rejects.toMatchObject(FORBIDDEN)
    await expect(at.create(at.ann, 'wide', 'team*')).rejects.toMatchObject(FORBIDDEN)
    await expect(at.create(at.bob, 'bobs', 'team-a')).rejects.toThrow(/needs the permission admin/)
    await expect(at.create(ANONYMOUS, 'x', 'team-a')).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(at.create(at.ann, 'ci', 'team-a')).rejects.toMatchObject({ code: 'already_exists' })
    for (const name of ['', 'CI', 'a.b', 'serviceaccount:ci']) {
      await expect(at.create(at.ann, name, 'team-a')).rejects.toMatchObject({ code: 'invalid' })
    }
    await expect(at.create(at.ann, 'x', 'a b')).rejects.toMatchObject({ code: 'invalid' })
  })

  it('is visible to its managers and auditors only', async () => {
    const at = await team()
    await at.create(at.ann, 'ci', 'team-a')
    await at.create(SYSTEM, 'secret', 'secret')
    expect(await at.names(at.ann)).toEqual(['ci'])
    expect(await at.names(at.bob)).toEqual([])
    expect((await getServiceAccount(at.access, at.ann, 'ci')).name).toBe('ci')
    for (const [actor, name] of [
      [at.ann, 'secret'],
      [at.ann, 'absent'],
      [at.bob, 'ci'],
    ] as const) {
      const missing = { ...NOT_FOUND, message: `there is no service account ${name}` }
      await expect(getServiceAccount(at.access, actor, name)).rejects.toMatchObject(missing)
      const patch = { disabled: true }
      await expect(updateServiceAccount(at.access, actor, name, patch, undefined)).rejects.toMatchObject(
        missing,
      )
      await expect(deleteServiceAccount(at.access, actor, name, undefined)).rejects.toMatchObject(missing)
    }
    await at.bind({ kind: 'user', name: 'bob' }, 'auditor')
    expect(await at.names(at.bob)).toEqual(['ci', 'secret'])
    await expect(deleteServiceAccount(at.access, at.bob, 'ci', undefined)).rejects.toMatchObject(FORBIDDEN)
  })

  it('is changed by its managers, but not if it has rights that they lack', async () => {
    const at = await team()
    const { resourceVersion } = await at.create(at.ann, 'ci', 'team-a')
    const ci = { kind: 'serviceaccount', name: 'ci' } as const
    const change = (patch: Parameters<typeof updateServiceAccount>[3], version = 'any' as const) =>
      updateServiceAccount(at.access, at.ann, 'ci', patch, version)
    await expect(change({ scope: 'other' })).rejects.toMatchObject(FORBIDDEN)
    await expect(change({ displayName: 'x'.repeat(201) })).rejects.toMatchObject({ code: 'invalid' })
    const changed = await change({ displayName: 'Builds', scope: 'team-*' })
    expect(changed).toMatchObject({ displayName: 'Builds', scope: 'team-*', disabled: false })
    await expect(
      updateServiceAccount(at.access, at.ann, 'ci', { disabled: true }, [resourceVersion]),
    ).rejects.toMatchObject({ code: 'precondition_failed' })
    await at.bind(ci, 'reader', 'other')
    await expect(change({ disabled: false })).rejects.toMatchObject(FORBIDDEN)
  })

  it('can do nothing while it is disabled', async () => {
    const at = await team()
    await at.create(at.ann, 'ci', 'team-a')
    const { text } = await at.withToken(at.ann, { owner: { kind: 'serviceaccount', name: 'ci' } })
    const disable = (disabled: boolean) =>
      updateServiceAccount(at.access, at.ann, 'ci', { disabled }, undefined)
    await disable(true)
    expect(await authenticateToken(at.access, text, undefined)).toMatchObject({ refused: 'disabled' })
    await disable(false)
    expect(await authenticateToken(at.access, text, undefined)).toHaveProperty('actor')
  })

  it('sees itself', async () => {
    const at = await team()
    const ci = await at.account('ci')
    const { bearer } = await at.withToken(SYSTEM, { owner: ci })
    expect(await at.names(bearer)).toEqual(['ci'])
    await expect(deleteServiceAccount(at.access, bearer, 'ci', undefined)).rejects.toMatchObject(FORBIDDEN)
  })
})

describe('the users', () => {
  it('are listed for auditors, and disabled by admins of the server', async () => {
    const at = await team()
    const list = async (actor: Actor) =>
      (await listUsers(at.ctx, at.access, actor, { limit: 10 })).items.map(({ name }) => name)
    await expect(list(at.ann)).rejects.toMatchObject(FORBIDDEN)
    await at.bind({ kind: 'user', name: 'bob' }, 'auditor')
    expect(await list(at.bob)).toEqual(['ann', 'bob'])
    const disable = (actor: Actor, name: string) =>
      updateUser(at.access, actor, name, { disabled: true }, undefined)
    await expect(disable(at.bob, 'ann')).rejects.toMatchObject(FORBIDDEN)
    expect(await disable(SYSTEM, 'ann')).toMatchObject({ name: 'ann', disabled: true })
    await expect(disable(SYSTEM, 'eve')).rejects.toMatchObject(NOT_FOUND)
  })
})
