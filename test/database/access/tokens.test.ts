import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import {
  countValidTokens,
  deleteEndedTokens,
  findToken,
  findTokenByHash,
  listTokens,
  recordTokenUse,
  replaceToken,
  revokeToken,
} from '../../../src/database/access/tokens.ts'
import { accountRows, LATER, NOW } from '../../support/account-rows.ts'

describe('tokens', () => {
  it('are found by the hash of their text', async () => {
    const { db, principal, token } = accountRows()
    await principal('a')
    const made = await token('t', 'a', LATER)
    expect(made).toMatchObject({
      kind: 'personal',
      principalId: 'a',
      permissions: ['read', 'push'],
      repositories: ['team-*'],
      expiresAt: LATER,
      revokedAt: undefined,
      lastUsedAt: undefined,
    })
    expect(Object.keys(made)).not.toContain('hash')
    expect(await findTokenByHash(db, 'hash-t')).toEqual(made)
    expect(await findTokenByHash(db, 'hash-x')).toBeUndefined()
    expect(await findToken(db, 't')).toEqual(made)
  })

  it('are used, replaced and revoked', async () => {
    const { db, write, principal, token } = accountRows()
    await principal('a')
    await token('t', 'a')
    await write((transaction) => recordTokenUse(transaction, 't', { at: NOW, address: '::1' }))
    await write((transaction) => replaceToken(transaction, 't', { replacedBy: 'u', expiresAt: LATER }))
    const revoked = await write((transaction) =>
      revokeToken(transaction, 't', { at: LATER, by: 'bob', reason: 'leaked' }),
    )
    expect(revoked).toMatchObject({
      lastUsedAt: NOW,
      lastUsedAddress: '::1',
      replacedBy: 'u',
      expiresAt: LATER,
      revokedAt: LATER,
      revokedBy: 'bob',
      revokedReason: 'leaked',
    })
    expect(await findToken(db, 't')).toEqual(revoked)
  })

  it('are listed and counted by principal, and deleted once they have ended', async () => {
    const { db, write, principal, token } = accountRows()
    await principal('a')
    await principal('b')
    await token('t1', 'a', NOW)
    await token('t2', 'a', LATER)
    await token('t3', 'a')
    await token('t4', 'a')
    await token('t5', 'b', NOW)
    await write((transaction) => revokeToken(transaction, 't4', { at: NOW, by: 'bob', reason: null }))
    const ids = async (after?: string) => (await listTokens(db, 'a', { after, limit: 9 })).map(({ id }) => id)
    expect(await ids()).toEqual(['t1', 't2', 't3', 't4'])
    expect(await ids('t2')).toEqual(['t3', 't4'])
    expect(await countValidTokens(db, 'a', NOW, 'other')).toBe(2)
    expect(await countValidTokens(db, 'a', LATER, 'other')).toBe(1)
    await write((transaction) => deleteEndedTokens(transaction, 'a', '2026-01-02T00:00:00.000Z'))
    expect(await ids()).toEqual(['t2', 't3'])
    expect(await findToken(db, 't5')).toBeDefined()
  })

  it('with damaged limits are refused, not taken for unlimited', async () => {
    const { db, principal, token } = accountRows()
    await principal('a')
    await token('t', 'a')
    for (const column of ['permissions', 'repositories']) {
      for (const json of ['', 'null', '"*"', '["?"]', '[1]']) {
        await sql`UPDATE tokens SET ${sql.ref(column)} = ${json}`.execute(db)
        await expect(findTokenByHash(db, 'hash-t'), json).rejects.toMatchObject({ code: 'internal' })
      }
      await sql`UPDATE tokens SET ${sql.ref(column)} = '[]'`.execute(db)
    }
  })
})
