import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { patternText } from '../../../src/domain/access/pattern.ts'
import { PERMISSIONS, type Permission } from '../../../src/domain/access/permission.ts'
import { type Actor, ANONYMOUS, SYSTEM } from '../../../src/service/access/actor.ts'
import { can, rightsOf, type Target } from '../../../src/service/access/policy.ts'
import { requirePermission } from '../../../src/service/access/require-permission.ts'
import { deleteBinding } from '../../../src/service/accounts/delete-binding.ts'
import { type Accounts, accounts } from '../../support/access.ts'

const UPF = { repository: 'team-a', package: 'nf/upf' }

async function allowed(at: Accounts, actor: Actor, target: Target): Promise<string> {
  const policy = await at.access.policy()
  return PERMISSIONS.filter((permission) => can(policy, actor, permission, target).allowed).join(' ')
}

describe('the policy', () => {
  it('allows nothing without a binding, except tokens of one’s own', async () => {
    const at = await accounts()
    const ann = await at.user('ann', 'corp:release')
    const named: Actor = { name: 'ann' }
    for (const target of ['server', UPF, { repository: 'team-a' }] as const) {
      expect(await allowed(at, ANONYMOUS, target)).toBe('')
      expect(await allowed(at, named, target)).toBe('')
      expect(await allowed(at, ann, target)).toBe('tokens')
    }
  })

  it('adds up what is bound to a caller, to its groups, to all accounts, and to everyone', async () => {
    const at = await accounts()
    const ann = await at.user('ann', 'corp:release')
    const bob = await at.user('bob')
    await at.bind({ kind: 'user', name: 'ann' }, 'author', 'team-a')
    await at.bind({ kind: 'group', name: 'corp:release' }, 'reviewer', 'team-*')
    await at.bind({ kind: 'authenticated' }, 'reader', 'shared')
    await at.bind({ kind: 'anonymous' }, 'reader', 'public')
    expect(await allowed(at, ann, UPF)).toBe('read draft.read draft propose review tokens')
    expect(await allowed(at, ann, { repository: 'team-b' })).toBe('read draft.read review tokens')
    expect(await allowed(at, ann, 'server')).toBe('tokens')
    expect(await allowed(at, bob, UPF)).toBe('tokens')
    for (const [repository, readers] of [
      ['shared', [ann, bob]],
      ['public', [ann, bob, ANONYMOUS]],
    ] as const) {
      for (const actor of [ann, bob, ANONYMOUS, { name: 'ann' }]) {
        const reads = (readers as readonly Actor[]).includes(actor)
        expect((await allowed(at, actor, { repository })).includes('read'), actor.name).toBe(reads)
      }
    }
  })

  it('says by which binding something is allowed, or what is missing', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    const { id } = await at.bind({ kind: 'user', name: 'ann' }, 'author', 'team-*')
    const policy = await at.access.policy()
    expect(can(policy, ann, 'draft', UPF)).toEqual({ allowed: true, via: id })
    expect(can(policy, ann, 'push', UPF)).toEqual({ allowed: false, missing: 'push' })
    expect(can(policy, SYSTEM, 'server.admin', 'server')).toEqual({ allowed: true, via: 'system' })
    expect(() => requirePermission(policy, ann, 'push', UPF)).toThrow(
      'this needs the permission push for team-a/nf/upf, which ann lacks: an administrator can bind a role that has it',
    )
    expect(() => requirePermission(policy, ANONYMOUS, 'server.operate', 'server')).toThrow(
      'this needs the permission server.operate: log in, or use the token of an account that has it',
    )
  })

  it('holds from when a change has returned, for everything that was compiled before', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    for (let round = 0; round < 20; round++) {
      const binding = await at.bind({ kind: 'user', name: 'ann' }, 'author', 'team-*')
      expect(await allowed(at, ann, UPF)).toBe('read draft.read draft propose tokens')
      await deleteBinding(at.access, SYSTEM, binding.id)
      expect(await allowed(at, ann, UPF)).toBe('tokens')
    }
  })

  it('has a version that grows with each change, and not with one that fails', async () => {
    const at = await accounts()
    const { version } = await at.access.policy()
    await at.bind({ kind: 'anonymous' }, 'reader', 'a')
    expect((await at.access.policy()).version).toBe(version + 1)
    await expect(at.bind({ kind: 'anonymous' }, 'reader', 'a')).rejects.toMatchObject({
      code: 'already_exists',
    })
    expect((await at.access.policy()).version).toBe(version + 1)
  })

  it('allows nothing while it cannot be read', async () => {
    const at = await accounts()
    const { id } = await at.bind({ kind: 'anonymous' }, 'reader', '*')
    expect(await allowed(at, ANONYMOUS, UPF)).toBe('read')
    await at.bind({ kind: 'anonymous' }, 'reader', 'b')
    await sql`UPDATE bindings SET role = 'owner' WHERE id = ${id}`.execute(at.ctx.db)
    await expect(at.access.policy()).rejects.toMatchObject({ code: 'unavailable' })
    await expect(at.bind({ kind: 'anonymous' }, 'reader', 'c')).rejects.toMatchObject({ code: 'internal' })
    await sql`UPDATE bindings SET role = 'reader'`.execute(at.ctx.db)
    expect(await allowed(at, ANONYMOUS, UPF)).toBe('read')
  })

  it('is compiled to what a caller sees', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    await at.bind({ kind: 'user', name: 'ann' }, 'author', 'team-*')
    await at.bind({ kind: 'anonymous' }, 'reader', 'public', 'team-a')
    const { visibility } = rightsOf(await at.access.policy(), ann)
    const texts = Object.entries(visibility).map(([what, set]) => [
      what,
      set === 'all' ? set : set.map(patternText),
    ])
    expect(Object.fromEntries(texts)).toEqual({ published: ['public', 'team-*'], drafts: ['team-*'] })
    expect(rightsOf(await at.access.policy(), SYSTEM).visibility).toEqual({ published: 'all', drafts: 'all' })
  })
})

describe('a token', () => {
  it('has the rights of its owner that it is not limited to less than', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    await at.bind({ kind: 'user', name: 'ann' }, 'maintainer', 'team-*')
    await at.bind({ kind: 'user', name: 'ann' }, 'operator')
    const { bearer: usual } = await at.withToken(ann)
    expect(await allowed(at, usual, UPF)).toBe('read draft.read draft propose publish attach push delete')
    expect(await allowed(at, usual, 'server')).toBe('server.operate')
    const limits = { permissions: ['push', 'admin'] as Permission[], repositories: ['team-a*', 'other'] }
    const { bearer } = await at.withToken(ann, limits)
    expect(await allowed(at, bearer, UPF)).toBe('read push')
    expect(await allowed(at, bearer, { repository: 'team-b' })).toBe('')
    expect(await allowed(at, bearer, { repository: 'other' })).toBe('')
    expect(await allowed(at, bearer, 'server')).toBe('')
    const policy = await at.access.policy()
    expect(() => requirePermission(policy, bearer, 'tokens', 'server')).toThrow(
      /the token of ann, or ann, lacks/,
    )
  })

  it('loses what its owner loses', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    const { id } = await at.bind({ kind: 'user', name: 'ann' }, 'author', '*')
    const { bearer } = await at.withToken(ann)
    expect(await allowed(at, bearer, UPF)).toBe('read draft.read draft propose')
    await deleteBinding(at.access, SYSTEM, id)
    expect(await allowed(at, bearer, UPF)).toBe('')
  })
})

describe('an open server', () => {
  it('lets every caller do everything, but for the limits of tokens', async () => {
    const at = await accounts({ mode: 'open' })
    const ann = await at.user('ann')
    const { bearer } = await at.withToken(ann, { permissions: ['read'] })
    const policy = await at.access.policy()
    for (const actor of [ANONYMOUS, { name: 'ann' }, ann]) {
      expect(can(policy, actor, 'push', UPF)).toEqual({ allowed: true, via: 'open' })
      expect(can(policy, actor, 'server.admin', 'server').allowed).toBe(true)
    }
    expect(await allowed(at, bearer, UPF)).toBe('read')
  })

  it('is open for ever only in that mode: otherwise until the first account or binding', async () => {
    const at = await accounts({ mode: 'open-at-first' })
    expect((await at.access.policy()).open).toBe(true)
    const { id } = await at.bind({ kind: 'anonymous' }, 'reader', 'public')
    expect((await at.access.policy()).open).toBe(false)
    await deleteBinding(at.access, SYSTEM, id)
    expect((await at.access.policy()).open).toBe(false)
    expect(await allowed(at, ANONYMOUS, UPF)).toBe('')
  })
})

describe('the groups of the settings', () => {
  it('make admins of the server', async () => {
    const at = await accounts({ adminGroups: ['corp:platform'] })
    const ann = await at.user('ann', 'corp:platform')
    const bob = await at.user('bob', 'corp:Platform')
    const policy = await at.access.policy()
    expect(can(policy, ann, 'server.admin', 'server')).toEqual({ allowed: true, via: 'settings' })
    expect(can(policy, bob, 'server.admin', 'server').allowed).toBe(false)
  })
})
