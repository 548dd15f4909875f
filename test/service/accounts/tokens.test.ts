import { describe, expect, it } from 'vitest'
import { findTokenByHash } from '../../../src/database/access/tokens.ts'
import { type Actor, ANONYMOUS, SYSTEM } from '../../../src/service/access/actor.ts'
import { authenticateToken } from '../../../src/service/access/authenticate.ts'
import { tokenHash } from '../../../src/service/access/token-text.ts'
import { createToken } from '../../../src/service/accounts/create-token.ts'
import { listTokens } from '../../../src/service/accounts/list-tokens.ts'
import { revokeToken } from '../../../src/service/accounts/revoke-token.ts'
import { rotateToken } from '../../../src/service/accounts/rotate-token.ts'
import { accounts, DAY, START } from '../../support/access.ts'

const FORBIDDEN = { code: 'forbidden' }
const NOT_FOUND = { code: 'not_found' }
const later = (milliseconds: number) => new Date(START.getTime() + milliseconds).toISOString()

async function team() {
  const at = await accounts()
  const ann = await at.user('ann')
  const bob = await at.user('bob')
  await at.bind({ kind: 'user', name: 'ann' }, 'repository-admin', 'team-*')
  const create = (actor: Actor, request: Partial<Parameters<typeof createToken>[2]> = {}) =>
    createToken(at.access, actor, { name: 'laptop', ...request })
  const works = async (text: string) => 'actor' in (await authenticateToken(at.access, text, undefined))
  const names = async (actor: Actor, owner?: Parameters<typeof listTokens>[3]) => {
    const { items } = await listTokens(at.ctx, at.access, actor, owner, { limit: 100 })
    return items.map(({ name }) => name)
  }
  return { ...at, ann, bob, create, works, names }
}

describe('a new token', () => {
  it('is shown once, and only its hash is kept', async () => {
    const at = await team()
    const { token, text } = await at.create(at.bob)
    expect(token).toMatchObject({
      kind: 'personal',
      name: 'laptop',
      repositories: ['*'],
      createdBy: 'bob',
      expiresAt: later(90 * DAY),
    })
    expect(token.permissions).not.toContain('review')
    expect(token.permissions).not.toContain('admin')
    expect(token.permissions).not.toContain('tokens')
    const row = await at.ctx.db.selectFrom('tokens').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain(text)
    expect(JSON.stringify(row)).not.toContain(text.slice(6, 40))
    expect(await findTokenByHash(at.ctx.db, tokenHash(text))).toEqual(token)
  })

  it('is refused to callers without an account, and for other people', async () => {
    const at = await team()
    await at.bind({ kind: 'user', name: 'bob' }, 'admin')
    for (const actor of [ANONYMOUS, { name: 'ann' }]) {
      await expect(at.create(actor)).rejects.toThrow(/only accounts have tokens: log in/)
    }
    await expect(at.create(at.bob, { owner: { kind: 'user', name: 'ann' } })).rejects.toThrow(
      /only ann can make tokens for this account/,
    )
    await expect(at.create(at.ann, { owner: { kind: 'user', name: 'bob' } })).rejects.toMatchObject(NOT_FOUND)
  })

  it('cannot be made by a token that is not for that, or that allows less', async () => {
    const at = await team()
    const { bearer: usual } = await at.withToken(at.ann)
    await expect(at.create(usual)).rejects.toThrow(/needs the permission tokens/)
    const { bearer } = await at.withToken(at.ann, {
      permissions: ['read', 'push', 'tokens'],
      repositories: ['team-a*'],
      expiresAt: later(DAY),
    })
    const within = { permissions: ['push'] as const, repositories: ['team-ab'] }
    await expect(at.create(bearer)).rejects.toThrow(/cannot make one that allows more than itself/)
    await expect(at.create(bearer, { ...within, permissions: ['delete'] })).rejects.toMatchObject(FORBIDDEN)
    await expect(at.create(bearer, { ...within, repositories: ['team*'] })).rejects.toMatchObject(FORBIDDEN)
    await expect(at.create(bearer, { ...within, repositories: ['*'] })).rejects.toMatchObject(FORBIDDEN)
    await expect(at.create(bearer, { ...within, expiresAt: later(2 * DAY) })).rejects.toThrow(/outlives it/)
    await expect(at.create(bearer, { ...within, expiresAt: null })).rejects.toThrow(/outlives it/)
    const { token } = await at.create(bearer, within)
    expect(token).toMatchObject({ permissions: ['read', 'push'], expiresAt: later(DAY) })
  })

  it('expires, within a year unless an admin of the server makes it', async () => {
    const at = await team()
    for (const expiresAt of [null, later(367 * DAY), '9999-12-31T00:00:00Z']) {
      await expect(at.create(at.ann, { expiresAt })).rejects.toThrow(/only admins of the server/)
    }
    for (const expiresAt of [later(0), '1999-01-01T00:00:00Z']) {
      await expect(at.create(at.ann, { expiresAt })).rejects.toThrow(/has passed: name a later one/)
    }
    await expect(at.create(at.ann, { expiresAt: 'tomorrow' })).rejects.toThrow(/"tomorrow" is no time/)
    expect((await at.create(at.ann, { expiresAt: '2026-06-01T02:00:00+02:00' })).token.expiresAt).toBe(
      '2026-06-01T00:00:00.000Z',
    )
    await at.bind({ kind: 'user', name: 'ann' }, 'admin')
    expect((await at.create(at.ann, { expiresAt: null })).token.expiresAt).toBeUndefined()
  })

  it('is one of at most a hundred, not counting those that have ended, which are deleted in time', async () => {
    const at = await team()
    for (let number = 0; number < 100; number++) await at.create(at.bob, { expiresAt: later(DAY) })
    await expect(at.create(at.bob)).rejects.toThrow(/has 100 valid tokens already/)
    at.pass(DAY)
    await at.create(at.bob)
    expect(await at.names(at.bob)).toHaveLength(100)
    at.pass(90 * DAY + 1)
    await at.create(at.bob, { name: 'new' })
    expect(await at.names(at.bob)).toEqual(['laptop', 'new'])
  })
})

describe('the tokens of an account', () => {
  it('are listed for itself and for auditors', async () => {
    const at = await team()
    await at.create(at.ann)
    const { bearer } = await at.withToken(at.bob, { name: 'other' })
    expect(await at.names(at.ann)).toEqual(['laptop'])
    await expect(at.names(bearer)).rejects.toThrow(/needs the permission tokens/)
    at.pass(1)
    const { bearer: maker } = await at.withToken(at.bob, { name: 'maker', permissions: ['tokens'] })
    expect(await at.names(maker)).toEqual(['other', 'maker'])
    const ofAnn = { kind: 'user', name: 'ann' } as const
    await expect(at.names(at.bob, ofAnn)).rejects.toMatchObject(NOT_FOUND)
    await at.bind({ kind: 'user', name: 'bob' }, 'auditor')
    expect(await at.names(at.bob, ofAnn)).toEqual(['laptop'])
    await expect(at.names(ANONYMOUS)).rejects.toMatchObject(FORBIDDEN)
  })

  it('are revoked by the owner, by admins of the server, and each by itself', async () => {
    const at = await team()
    const first = await at.create(at.ann)
    await expect(revokeToken(at.access, at.bob, first.token.id, null)).rejects.toMatchObject(NOT_FOUND)
    await expect(revokeToken(at.access, ANONYMOUS, first.token.id, null)).rejects.toMatchObject(NOT_FOUND)
    await expect(revokeToken(at.access, at.ann, 'x', null)).rejects.toMatchObject(NOT_FOUND)
    const { bearer, token, text } = await at.withToken(at.ann, { permissions: ['read'] })
    await expect(revokeToken(at.access, bearer, first.token.id, null)).rejects.toMatchObject(NOT_FOUND)
    await revokeToken(at.access, bearer, token.id, 'lost')
    expect(await at.works(text)).toBe(false)
    expect(await at.works(first.text)).toBe(true)

    await at.bind({ kind: 'user', name: 'bob' }, 'admin')
    const revoked = await revokeToken(at.access, at.bob, first.token.id, 'leaked')
    expect(revoked).toMatchObject({ revokedBy: 'bob', revokedReason: 'leaked', revokedAt: later(0) })
    at.pass(1000)
    expect(await revokeToken(at.access, at.ann, first.token.id, 'again')).toEqual(revoked)
  })

  it('are rotated: the new one has the same limits, the old one works for a day', async () => {
    const at = await team()
    const limits = { permissions: ['push', 'review'] as const, repositories: ['team-a'] }
    const old = await at.create(at.ann, { ...limits, expiresAt: later(30 * DAY) })
    at.pass(10 * DAY)
    const { token, text } = await rotateToken(at.access, at.ann, old.token.id, {})
    expect(token).toMatchObject({
      kind: 'personal',
      name: 'laptop',
      permissions: ['read', 'draft.read', 'push', 'review'],
      repositories: ['team-a'],
      expiresAt: later(40 * DAY),
    })
    expect(token.id).not.toBe(old.token.id)
    await expect(rotateToken(at.access, at.ann, old.token.id, {})).rejects.toThrow(
      `was replaced by ${token.id} already: rotate that`,
    )
    at.pass(DAY - 1)
    expect([await at.works(old.text), await at.works(text)]).toEqual([true, true])
    at.pass(1)
    expect([await at.works(old.text), await at.works(text)]).toEqual([false, true])
    await expect(rotateToken(at.access, at.ann, old.token.id, {})).rejects.toThrow(/has expired: create/)
  })

  it('are rotated by a token only if it is for that, and not beyond its limits', async () => {
    const at = await team()
    const wide = await at.create(at.ann)
    const { bearer: usual, token } = await at.withToken(at.ann)
    await expect(rotateToken(at.access, usual, token.id, {})).rejects.toThrow(/needs the permission tokens/)
    await expect(rotateToken(at.access, usual, wide.token.id, {})).rejects.toMatchObject(NOT_FOUND)
    const narrow = await at.withToken(at.ann, { permissions: ['read', 'tokens'], expiresAt: later(DAY) })
    await expect(rotateToken(at.access, narrow.bearer, wide.token.id, {})).rejects.toThrow(/allows more/)
    await expect(rotateToken(at.access, at.bob, wide.token.id, {})).rejects.toMatchObject(NOT_FOUND)
    at.pass(DAY / 2)
    const asked = { expiresAt: later(2 * DAY) }
    await expect(rotateToken(at.access, narrow.bearer, narrow.token.id, asked)).rejects.toThrow(/outlives/)
    const again = await rotateToken(at.access, narrow.bearer, narrow.token.id, {})
    expect(again.token.expiresAt).toBe(later(1.5 * DAY))
    await revokeToken(at.access, at.ann, again.token.id, null)
    await expect(rotateToken(at.access, at.ann, again.token.id, {})).rejects.toThrow(
      /was revoked: create a new one/,
    )
  })
})

describe('the tokens of a service account', () => {
  it('are made by its managers, if they have all of its rights', async () => {
    const at = await team()
    const ci = await at.account('ci', 'team-*')
    const { token } = await at.create(at.ann, { owner: ci })
    expect(token).toMatchObject({ kind: 'serviceaccount', createdBy: 'ann' })
    await expect(at.create(at.bob, { owner: ci })).rejects.toMatchObject(NOT_FOUND)
    await at.bind({ kind: 'user', name: 'bob' }, 'auditor')
    await expect(at.create(at.bob, { owner: ci })).rejects.toMatchObject(FORBIDDEN)

    await at.bind(ci, 'publisher', 'team-a', 'other')
    await expect(at.create(at.ann, { owner: ci })).rejects.toThrow(/give the permission read for other/)
    await expect(rotateToken(at.access, at.ann, token.id, {})).rejects.toMatchObject(FORBIDDEN)
    await revokeToken(at.access, at.ann, token.id, 'still possible')
    expect(await at.names(at.ann, ci)).toEqual(['laptop'])
  })

  it('are made by a token for what its owner manages, whatever all callers may read', async () => {
    const at = await team()
    await at.bind({ kind: 'anonymous' }, 'reader', 'public')
    const ci = await at.account('ci', 'team-a')
    await at.bind(ci, 'reader', 'team-a')
    const limits = { permissions: ['read', 'push'] as const, repositories: ['team-a'] }
    const { bearer } = await at.withToken(at.ann, {
      ...limits,
      permissions: ['read', 'push', 'admin', 'tokens'],
    })
    expect((await at.create(bearer, { ...limits, owner: ci })).token.createdBy).toBe('ann')
    await at.bind(ci, 'publisher', 'team-a')
    await expect(at.create(bearer, { ...limits, owner: ci })).rejects.toThrow(
      /give the permission draft.read/,
    )
  })

  it('are made for itself only with a token that is for that', async () => {
    const at = await team()
    const ci = await at.account('ci', 'team-*')
    const { bearer } = await at.withToken(SYSTEM, { owner: ci })
    await expect(at.create(bearer)).rejects.toThrow(/needs the permission tokens/)
    const { bearer: maker } = await at.withToken(SYSTEM, { owner: ci, permissions: ['read', 'tokens'] })
    expect((await at.create(maker, { permissions: ['read'] })).token.kind).toBe('serviceaccount')
    const other = await at.account('other', 'team-*')
    await expect(at.create(maker, { owner: other })).rejects.toMatchObject(NOT_FOUND)
  })
})
