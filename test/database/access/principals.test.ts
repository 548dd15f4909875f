import { describe, expect, it } from 'vitest'
import { allBindings } from '../../../src/database/access/bindings.ts'
import { principalOfIdentity, replaceGroups, saveIdentity } from '../../../src/database/access/identities.ts'
import {
  deletePrincipal,
  findPrincipal,
  findPrincipalNamed,
  insertPrincipal,
  listPrincipals,
  updatePrincipal,
} from '../../../src/database/access/principals.ts'
import { findToken } from '../../../src/database/access/tokens.ts'
import { accountRows, LATER, NOW } from '../../support/account-rows.ts'

describe('principals', () => {
  it('are found by id and by name, listed by name, and changed', async () => {
    const { db, write, principal } = accountRows()
    const ann = await principal('a')
    const ci = await principal('b', 'serviceaccount')
    expect(ann).toMatchObject({ kind: 'user', name: 'name-a', displayName: 'A', disabled: false })
    expect(ci.scope).toBe('team-*')
    expect(await findPrincipal(db, 'a')).toEqual({ ...ann, groups: [], groupsAt: undefined })
    expect(await findPrincipal(db, 'x')).toBeUndefined()
    expect(await findPrincipalNamed(db, 'user', 'name-a')).toEqual(ann)
    expect(await findPrincipalNamed(db, 'serviceaccount', 'name-a')).toBeUndefined()
    await principal('c')
    const names = async (after?: string) =>
      (await listPrincipals(db, 'user', { after, limit: 5 })).map(({ name }) => name)
    expect(await names()).toEqual(['name-a', 'name-c'])
    expect(await names('name-a')).toEqual(['name-c'])
    const changed = await write((transaction) =>
      updatePrincipal(transaction, { ...ann, displayName: 'Ann', disabled: true }, LATER),
    )
    expect(changed).toMatchObject({ displayName: 'Ann', disabled: true, createdAt: NOW, updatedAt: LATER })
    expect(Number(changed.resourceVersion)).toBeGreaterThan(Number(ann.resourceVersion))
  })

  it('have one name each, apart from those of the other kind', async () => {
    const { write, principal } = accountRows()
    const ann = await principal('a')
    const again = { ...ann, id: 'b' }
    await expect(write((transaction) => insertPrincipal(transaction, again))).rejects.toMatchObject({
      code: 'conflict',
    })
    await write((transaction) => insertPrincipal(transaction, { ...again, kind: 'serviceaccount' }))
  })

  it('have the groups of the last time, and no earlier ones', async () => {
    const { db, write, principal } = accountRows()
    await principal('a')
    await principal('b')
    const replace = (id: string, groups: string[], now: string) =>
      write((transaction) => replaceGroups(transaction, id, groups, now))
    await replace('a', ['corp:x, y', 'corp:a', 'corp:a'], NOW)
    await replace('b', ['corp:a'], NOW)
    expect(await findPrincipal(db, 'a')).toMatchObject({ groups: ['corp:a', 'corp:x, y'], groupsAt: NOW })
    await replace('a', ['corp:b'], LATER)
    expect(await findPrincipal(db, 'a')).toMatchObject({ groups: ['corp:b'], groupsAt: LATER })
    await replace('a', [], LATER)
    expect(await findPrincipal(db, 'a')).toMatchObject({ groups: [], groupsAt: LATER })
    expect(await findPrincipal(db, 'b')).toMatchObject({ groups: ['corp:a'] })
    const many = Array.from({ length: 1000 }, (_, at) => `g${at}`)
    await replace('a', many, LATER)
    expect((await findPrincipal(db, 'a'))?.groups).toHaveLength(1000)
  })

  it('keep their identities, which are an issuer and a subject', async () => {
    const { db, write, principal } = accountRows()
    await principal('a')
    await principal('b')
    const one = { issuer: 'https://one', subject: 's' }
    const other = { issuer: 'https://other', subject: 's' }
    await write((transaction) => saveIdentity(transaction, one, 'a', NOW))
    await write((transaction) => saveIdentity(transaction, other, 'b', NOW))
    await write((transaction) => saveIdentity(transaction, one, 'a', LATER))
    expect(await principalOfIdentity(db, one)).toBe('a')
    expect(await principalOfIdentity(db, other)).toBe('b')
    expect(await principalOfIdentity(db, { ...one, subject: 'S' })).toBeUndefined()
  })

  it('are deleted with all that is theirs', async () => {
    const { db, write, principal, token, binding } = accountRows()
    await principal('a')
    await principal('b', 'serviceaccount')
    await token('t', 'b')
    await binding({
      id: 'x',
      subject: { kind: 'serviceaccount', name: 'name-b' },
      principalId: 'b',
      role: 'admin',
    })
    await binding({ id: 'y', subject: { kind: 'user', name: 'name-a' }, principalId: 'a', role: 'operator' })
    await write((transaction) => saveIdentity(transaction, { issuer: 'i', subject: 's' }, 'b', NOW))
    await write((transaction) => replaceGroups(transaction, 'b', ['g'], NOW))
    await write((transaction) => deletePrincipal(transaction, 'b'))
    expect((await allBindings(db)).map(({ id }) => id)).toEqual(['y'])
    expect(await findToken(db, 't')).toBeUndefined()
    expect(await principalOfIdentity(db, { issuer: 'i', subject: 's' })).toBeUndefined()
    expect((await db.selectFrom('principal_groups').selectAll().execute()).length).toBe(0)
  })
})
