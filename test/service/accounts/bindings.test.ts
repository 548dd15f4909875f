import { describe, expect, it } from 'vitest'
import type { BindingContent, Subject } from '../../../src/domain/access/binding.ts'
import type { Role } from '../../../src/domain/access/role.ts'
import { type Actor, ANONYMOUS, SYSTEM } from '../../../src/service/access/actor.ts'
import { replaceAccessRules } from '../../../src/service/accounts/access-rules.ts'
import { createBinding } from '../../../src/service/accounts/create-binding.ts'
import { deleteBinding } from '../../../src/service/accounts/delete-binding.ts'
import { deleteServiceAccount } from '../../../src/service/accounts/delete-service-account.ts'
import { listBindings } from '../../../src/service/accounts/list-bindings.ts'
import { recordLogin } from '../../../src/service/accounts/record-login.ts'
import { revokeToken } from '../../../src/service/accounts/revoke-token.ts'
import { updateServiceAccount } from '../../../src/service/accounts/update-service-account.ts'
import { updateUser } from '../../../src/service/accounts/update-user.ts'
import { type Accounts, accounts } from '../../support/access.ts'

const ann: Subject = { kind: 'user', name: 'ann' }
const bob: Subject = { kind: 'user', name: 'bob' }

const binding = (subject: Subject, role: Role, ...repositories: string[]): BindingContent => ({
  subject,
  role,
  repositories,
})

async function listed(at: Accounts, actor: Actor): Promise<string[]> {
  const { items } = await listBindings(at.ctx, at.access, actor, { limit: 100 })
  return items.map(({ role, repositories }) => [role, ...repositories].join(' '))
}

/** A server with the users ann, who administers team-*, and bob, who has no rights. */
async function team() {
  const at = await accounts()
  const actors = { ann: await at.user('ann'), bob: await at.user('bob') }
  await at.bind(ann, 'repository-admin', 'team-*')
  return { ...at, ...actors }
}

describe('a binding', () => {
  it('of an administrator of repositories does not use up what others need', async () => {
    const at = await team()
    const patterns = Array.from({ length: 50 }, (_, number) => `team-${number}`)
    const toGroup = (number: number) => binding({ kind: 'group', name: `g${number}` }, 'reader', ...patterns)
    const bindings = [
      binding(ann, 'repository-admin', 'team-*'),
      ...Array.from({ length: 319 }, (_, n) => toGroup(n)),
    ]
    const rules = {
      serviceAccounts: [],
      issuers: [],
      trusts: [],
      reviewPolicies: [],
      bindings: bindings.map((each) => ({ ...each, repositories: [...each.repositories] })),
    }
    await replaceAccessRules(at.access, SYSTEM, rules, { dryRun: false })

    const refused = createBinding(at.access, at.ann, toGroup(319))
    await expect(refused).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('16000 patterns'),
    })
    await expect(createBinding(at.access, SYSTEM, toGroup(319))).resolves.toMatchObject({ role: 'reader' })
  })

  it('is made by an administrator of its repositories, and gives its role', async () => {
    const at = await team()
    const made = await createBinding(at.access, at.ann, binding(bob, 'maintainer', 'team-a', 'team-b*/nf/**'))
    expect(made).toMatchObject({
      subject: bob,
      principalId: at.bob.principalId,
      role: 'maintainer',
      createdBy: 'ann',
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    expect(await listed(at, at.ann)).toContain('maintainer team-a team-b*/nf/**')
  })

  it('cannot give more than its maker has: a wider pattern, another repository, a role of the server', async () => {
    const at = await team()
    const before = await listed(at, SYSTEM)
    const refused: BindingContent[] = [
      binding(ann, 'admin'),
      binding(bob, 'operator'),
      binding(bob, 'auditor'),
      binding(bob, 'reader', '*'),
      binding(bob, 'reader', 'team*'),
      binding(bob, 'reader', 'team-a', 'other'),
      binding(bob, 'reader', '*/nf/**'),
      binding({ kind: 'anonymous' }, 'reader', 'other'),
    ]
    for (const each of refused) {
      await expect(createBinding(at.access, at.ann, each), JSON.stringify(each)).rejects.toMatchObject({
        code: 'forbidden',
      })
    }
    expect(await listed(at, SYSTEM)).toEqual(before)
  })

  it('cannot be made without the permission admin, whatever else the maker may do', async () => {
    const at = await team()
    await at.bind(bob, 'maintainer', '*')
    for (const actor of [at.bob, ANONYMOUS, { name: 'ann' }]) {
      await expect(
        createBinding(at.access, actor, binding({ kind: 'anonymous' }, 'reader', 'team-a')),
      ).rejects.toThrow(/needs the permission admin for team-a/)
    }
  })

  it('cannot be made with a token that is not for that, and not beyond its repositories', async () => {
    const at = await team()
    const give = (actor: Actor, role: Role, repository: string) =>
      createBinding(at.access, actor, binding(bob, role, repository))
    const { bearer: usual } = await at.withToken(at.ann)
    await expect(give(usual, 'reader', 'team-a')).rejects.toThrow(/the token of ann, or ann, lacks/)
    const { bearer } = await at.withToken(at.ann, { permissions: ['admin'], repositories: ['team-a'] })
    await expect(give(bearer, 'author', 'team-a')).rejects.toThrow(/would give the permission draft/)
    await expect(give(bearer, 'reader', 'team-b')).rejects.toThrow(/needs the permission admin for team-b/)
    await give(bearer, 'reader', 'team-a')
  })

  it('is refused for unknown subjects, and twice', async () => {
    const at = await team()
    const none = (kind: 'user' | 'serviceaccount') =>
      createBinding(at.access, at.ann, binding({ kind, name: 'eve' }, 'reader', 'team-a'))
    await expect(none('user')).rejects.toThrow(/no user eve: users are known after their first login/)
    await expect(none('serviceaccount')).rejects.toThrow(/no service account eve: create it first/)
    await createBinding(at.access, at.ann, binding(bob, 'reader', 'team-a', 'team-b'))
    await expect(
      createBinding(at.access, at.ann, binding(bob, 'reader', 'team-b', 'team-a')),
    ).rejects.toMatchObject({ code: 'already_exists' })
  })

  it('of a deleted account is not that of a later one with its name', async () => {
    const at = await accounts()
    const ci = await at.account('ci')
    await at.bind(ci, 'publisher', '*')
    await deleteServiceAccount(at.access, SYSTEM, 'ci', undefined)
    await at.account('ci')
    expect(await listed(at, SYSTEM)).toEqual([])
  })

  it('is hidden from those who do not administer all of its repositories, as if it did not exist', async () => {
    const at = await team()
    const hidden = await at.bind(bob, 'reader', 'team-a', 'secret')
    const server = await at.bind(bob, 'operator')
    expect(await listed(at, at.ann)).toEqual(['repository-admin team-*'])
    expect(await listed(at, at.bob)).toEqual([])
    expect(await listed(at, ANONYMOUS)).toEqual([])
    for (const { id } of [hidden, server]) {
      await expect(deleteBinding(at.access, at.ann, id)).rejects.toThrow(`there is no binding ${id}`)
    }
    await expect(deleteBinding(at.access, at.ann, 'x')).rejects.toThrow('there is no binding x')
    await at.bind(ann, 'auditor')
    expect(await listed(at, at.ann)).toHaveLength(4)
    await expect(deleteBinding(at.access, at.ann, hidden.id)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(deleteBinding(at.access, at.ann, server.id)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('is listed in pages, which have no holes where others are hidden', async () => {
    const at = await team()
    for (let number = 0; number < 250; number++) {
      await at.bind({ kind: 'group', name: `g${number}` }, 'reader', number % 50 === 0 ? 'team-a' : 'secret')
    }
    const sizes: number[] = []
    let next: string | undefined
    do {
      const found = await listBindings(at.ctx, at.access, at.ann, { limit: 2, continue: next })
      sizes.push(found.items.length)
      next = found.continue
    } while (next)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(6)
    expect(sizes.slice(0, 2)).toEqual([2, 2])
    const { continue: token } = await listBindings(at.ctx, at.access, at.ann, { limit: 1 })
    await expect(
      listBindings(at.ctx, at.access, at.bob, { limit: 1, continue: token }),
    ).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('the last admin of the server', () => {
  it('cannot be removed: neither its binding nor its account', async () => {
    const at = await team()
    const { id } = await at.bind(ann, 'admin')
    const ci = await at.account('ci')
    const refused = { code: 'conflict', message: expect.stringMatching(/left without an admin/) }
    await expect(deleteBinding(at.access, at.ann, id)).rejects.toMatchObject(refused)
    await expect(updateUser(at.access, at.ann, 'ann', { disabled: true }, undefined)).rejects.toMatchObject(
      refused,
    )
    const second = await at.bind(ci, 'admin')
    await expect(deleteBinding(at.access, at.ann, id)).rejects.toMatchObject(refused)
    // A service account comes in with a token.
    const token = await at.withToken(SYSTEM, { owner: ci, permissions: ['admin', 'server.admin'] })
    await deleteBinding(at.access, at.ann, id)
    await expect(deleteBinding(at.access, SYSTEM, second.id)).rejects.toMatchObject(refused)
    await expect(deleteServiceAccount(at.access, SYSTEM, 'ci', undefined)).rejects.toMatchObject(refused)
    await expect(
      updateServiceAccount(at.access, SYSTEM, 'ci', { disabled: true }, undefined),
    ).rejects.toMatchObject(refused)
    // A stolen token can always be revoked.
    await revokeToken(at.access, SYSTEM, token.token.id, null)
    expect((await at.access.policy()).hasAdmin).toBe(false)
  })

  it('is not a group without members', async () => {
    const at = await team()
    const { id } = await at.bind(ann, 'admin')
    await at.bind({ kind: 'group', name: 'corp:platform' }, 'admin')
    await expect(deleteBinding(at.access, at.ann, id)).rejects.toMatchObject({ code: 'conflict' })
    await at.user('eve', 'corp:platform')
    await deleteBinding(at.access, at.ann, id)
  })

  it('does not stop the identity provider from taking its group away', async () => {
    const at = await accounts()
    await at.user('eve', 'corp:platform')
    await at.bind({ kind: 'group', name: 'corp:platform' }, 'admin')
    const login = { issuer: 'https://idp', subject: 'eve', userName: 'eve', displayName: 'eve', groups: [] }
    await recordLogin(at.access, login)
    const eve = await at.user('eve')
    await expect(createBinding(at.access, eve, binding(ann, 'operator'))).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  it('may go where the settings name a group of admins', async () => {
    const at = await accounts({ adminGroups: ['corp:platform'] })
    await at.user('ann')
    const { id } = await at.bind(ann, 'admin')
    await deleteBinding(at.access, SYSTEM, id)
  })

  it('stays when two are removed at the same time', async () => {
    const at = await team()
    const ids = [(await at.bind(ann, 'admin')).id, (await at.bind(bob, 'admin')).id]
    const results = await Promise.allSettled(ids.map((id) => deleteBinding(at.access, SYSTEM, id)))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})
