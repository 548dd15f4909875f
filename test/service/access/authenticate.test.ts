import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { findToken } from '../../../src/database/access/tokens.ts'
import type { Principal } from '../../../src/domain/access/principal.ts'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { authenticatePrincipal, authenticateToken } from '../../../src/service/access/authenticate.ts'
import { can } from '../../../src/service/access/policy.ts'
import { newTokenText } from '../../../src/service/access/token-text.ts'
import { createToken } from '../../../src/service/accounts/create-token.ts'
import { deleteServiceAccount } from '../../../src/service/accounts/delete-service-account.ts'
import { recordLogin } from '../../../src/service/accounts/record-login.ts'
import { revokeToken } from '../../../src/service/accounts/revoke-token.ts'
import { updateUser } from '../../../src/service/accounts/update-user.ts'
import { accounts, DAY, START } from '../../support/access.ts'

const login = (groups: string[]) => ({
  issuer: 'https://idp',
  subject: 'ann',
  userName: 'ann',
  displayName: 'ann',
  groups,
})

describe('a token', () => {
  it('tells who presents it', async () => {
    const at = await accounts()
    const ann = await at.user('ann', 'corp:a')
    const { token, bearer } = await at.withToken(ann)
    expect(bearer).toMatchObject({
      kind: 'user',
      name: 'ann',
      principalId: ann.principalId,
      groups: ['corp:a'],
      token: { id: token.id, expiresAt: token.expiresAt },
    })
    const ci = await at.account('ci')
    const { bearer: machine } = await at.withToken(SYSTEM, { owner: ci })
    expect(machine).toMatchObject({ kind: 'serviceaccount', name: 'serviceaccount:ci', groups: [] })
  })

  it('is refused if it is mistyped or unknown', async () => {
    const { access } = await accounts()
    const refusal = (text: string) => authenticateToken(access, text, undefined)
    for (const text of ['', 'x', 'pkgsp_', `${newTokenText('personal')}x`]) {
      expect(await refusal(text)).toEqual({ refused: 'malformed' })
    }
    expect(await refusal(newTokenText('personal'))).toMatchObject({ refused: 'unknown' })
  })

  it('is refused from the moment that it is revoked, expires, or its owner is disabled or deleted', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    const refusal = (text: string) => authenticateToken(at.access, text, undefined)
    const revoked = await at.withToken(ann)
    await revokeToken(at.access, ann, revoked.token.id, 'leaked')
    expect(await refusal(revoked.text)).toMatchObject({ refused: 'revoked' })

    const short = await at.withToken(ann, { expiresAt: new Date(START.getTime() + 1000).toISOString() })
    at.pass(999)
    expect(await refusal(short.text)).toHaveProperty('actor')
    at.pass(1)
    expect(await refusal(short.text)).toMatchObject({ refused: 'expired' })

    const ci = await at.account('ci')
    const machine = await at.withToken(SYSTEM, { owner: ci })
    await deleteServiceAccount(at.access, SYSTEM, 'ci', undefined)
    await at.account('ci')
    expect(await refusal(machine.text)).toMatchObject({ refused: 'unknown' })

    const { text } = await at.withToken(ann)
    await updateUser(at.access, SYSTEM, 'ann', { disabled: true }, undefined)
    expect(await refusal(text)).toMatchObject({ refused: 'disabled' })
    expect(await authenticatePrincipal(at.access, ann.principalId)).toMatchObject({ refused: 'disabled' })
    await updateUser(at.access, SYSTEM, 'ann', { disabled: false }, undefined)
    expect(await refusal(text)).toHaveProperty('actor')
    expect(await authenticatePrincipal(at.access, 'x')).toMatchObject({ refused: 'unknown' })
  })

  it('is refused at once, however many look-ups are in flight', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    for (let round = 0; round < 20; round++) {
      const { token, text } = await at.withToken(ann)
      const looking = Array.from({ length: 10 }, () => authenticateToken(at.access, text, undefined))
      await revokeToken(at.access, ann, token.id, null)
      expect(await authenticateToken(at.access, text, undefined)).toMatchObject({ refused: 'revoked' })
      await Promise.all(looking)
      expect(await authenticateToken(at.access, text, undefined)).toMatchObject({ refused: 'revoked' })
    }
  })

  it('is not taken for valid while the index cannot be read', async () => {
    const at = await accounts()
    const { text } = await at.withToken(await at.user('ann'))
    await at.bind({ kind: 'anonymous' }, 'reader', 'a')
    await sql`UPDATE tokens SET permissions = '*'`.execute(at.ctx.db)
    await expect(authenticateToken(at.access, text, undefined)).rejects.toMatchObject({ code: 'internal' })
  })

  it('records its last use, at most every ten minutes', async () => {
    const at = await accounts()
    const ann = await at.user('ann')
    const { token, text } = await createToken(at.access, ann, { name: 'laptop' })
    const lastUse = async () => {
      const found = await findToken(at.ctx.db, token.id)
      return [found?.lastUsedAt, found?.lastUsedAddress]
    }
    const minutesLater = (minutes: number) => new Date(START.getTime() + minutes * 60_000).toISOString()
    expect(await lastUse()).toEqual([undefined, undefined])
    await authenticateToken(at.access, text, '192.0.2.1')
    await expect.poll(lastUse).toEqual([minutesLater(0), '192.0.2.1'])
    at.pass(9 * 60_000)
    await authenticateToken(at.access, text, '192.0.2.2')
    // Forgets the token, but not its last use.
    await at.bind({ kind: 'anonymous' }, 'reader', 'a')
    await authenticateToken(at.access, text, '192.0.2.2')
    await at.ctx.commits.run(async () => undefined)
    expect(await lastUse()).toEqual([minutesLater(0), '192.0.2.1'])
    at.pass(60_000)
    await authenticateToken(at.access, text, '192.0.2.3')
    await expect.poll(lastUse).toEqual([minutesLater(10), '192.0.2.3'])
    expect(at.reported).toEqual([])
  })
})

describe('the groups of a user', () => {
  it('are those of the last login, from when that has returned', async () => {
    const at = await accounts()
    await at.bind({ kind: 'group', name: 'corp:a' }, 'reader', '*')
    const ann = await at.user('ann', 'corp:a')
    const { text } = await at.withToken(ann)
    const reads = async () => {
      const found = await authenticateToken(at.access, text, undefined)
      const policy = await at.access.policy()
      return 'actor' in found && can(policy, found.actor, 'read', { repository: 'x' }).allowed
    }
    expect(await reads()).toBe(true)
    await recordLogin(at.access, login(['corp:b']))
    expect(await reads()).toBe(false)
    await recordLogin(at.access, login(['corp:a']))
    expect(await reads()).toBe(true)
    await recordLogin(at.access, login([]))
    expect(await reads()).toBe(false)
  })

  it('give nothing any more if the last login was too long ago', async () => {
    const at = await accounts()
    const ann = await at.user('ann', 'corp:a')
    const { text } = await at.withToken(ann)
    const groups = async () => {
      const found = await authenticateToken(at.access, text, undefined)
      return 'actor' in found && 'groups' in found.actor && found.actor.groups
    }
    at.pass(7 * DAY - 1)
    expect(await groups()).toEqual(['corp:a'])
    at.pass(1)
    expect(await groups()).toEqual([])
    await recordLogin(at.access, login(['corp:a']))
    expect(await groups()).toEqual(['corp:a'])
  })
})

describe('a login', () => {
  it('is of the same user only with the same issuer and subject', async () => {
    const { access } = await accounts()
    const first: Principal = await recordLogin(access, login([]))
    expect(first).toMatchObject({ kind: 'user', name: 'ann', createdBy: 'pkgserver' })
    const again = await recordLogin(access, { ...login([]), userName: 'eve', displayName: 'Ann Lee' })
    expect(again).toMatchObject({ id: first.id, name: 'ann', displayName: 'Ann Lee' })
    const others = [
      await recordLogin(access, { ...login([]), subject: 'ann2' }),
      await recordLogin(access, { ...login([]), issuer: 'https://other' }),
      await recordLogin(access, { ...login([]), issuer: 'https://idp/' }),
    ]
    expect(others.map(({ name }) => name)).toEqual(['ann-2', 'ann-3', 'ann-4'])
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(4)
  })

  it('of a disabled user is refused, and changes nothing', async () => {
    const at = await accounts()
    await at.user('ann', 'corp:a')
    await updateUser(at.access, SYSTEM, 'ann', { disabled: true }, undefined)
    await expect(recordLogin(at.access, login(['corp:b']))).rejects.toMatchObject({ code: 'forbidden' })
    const { rows } = await sql<{ name: string }>`SELECT name FROM principal_groups`.execute(at.ctx.db)
    expect(rows).toEqual([{ name: 'corp:a' }])
  })
})
