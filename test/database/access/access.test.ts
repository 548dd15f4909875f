import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  allBindings,
  findBinding,
  hasServerAdmin,
  insertBinding,
} from '../../../src/database/access/bindings.ts'
import { principalOfIdentity, replaceGroups, saveIdentity } from '../../../src/database/access/identities.ts'
import {
  deletePrincipal,
  findPrincipal,
  findPrincipalNamed,
  insertPrincipal,
  listPrincipals,
  updatePrincipal,
} from '../../../src/database/access/principals.ts'
import {
  countValidTokens,
  deleteEndedTokens,
  findToken,
  findTokenByHash,
  insertToken,
  listTokens,
  recordTokenUse,
  replaceToken,
  revokeToken,
} from '../../../src/database/access/tokens.ts'
import type { Transaction } from '../../../src/database/connection.ts'
import { memoryIndex, openIndex } from '../../../src/database/open.ts'
import { inspectIndex } from '../../../src/database/sqlite/replace-index.ts'
import type { Binding } from '../../../src/domain/access/binding.ts'
import type { PrincipalKind } from '../../../src/domain/access/principal.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const NOW = '2026-01-01T00:00:00.000Z'
const LATER = '2026-02-01T00:00:00.000Z'

function opened() {
  const index = memoryIndex()
  onTestFinished(index.close)
  const { commits } = index
  const write = <T>(work: (transaction: Transaction) => Promise<T>) => commits.run(work)
  const principal = (id: string, kind: PrincipalKind = 'user') =>
    write((transaction) =>
      insertPrincipal(transaction, {
        id,
        kind,
        name: `name-${id}`,
        displayName: id.toUpperCase(),
        scope: kind === 'user' ? undefined : 'team-*',
        ownerId: undefined,
        createdBy: 'pkgserver',
        createdAt: NOW,
      }),
    )
  const token = (id: string, principalId: string, expiresAt?: string) =>
    write((transaction) =>
      insertToken(transaction, {
        id,
        kind: 'personal',
        principalId,
        name: 'laptop',
        hash: `hash-${id}`,
        permissions: ['read', 'push'],
        repositories: ['team-*'],
        createdBy: 'ann',
        createdAt: NOW,
        expiresAt,
      }),
    )
  const binding = (content: Pick<Binding, 'id' | 'subject' | 'role'> & Partial<Binding>) =>
    write((transaction) =>
      insertBinding(transaction, {
        principalId: undefined,
        repositories: [],
        createdBy: 'ann',
        createdAt: NOW,
        ...content,
      }),
    )
  return { db: index.db, write, principal, token, binding }
}

describe('principals', () => {
  it('are found by id and by name, listed by name, and changed', async () => {
    const { db, write, principal } = opened()
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
    const { write, principal } = opened()
    const ann = await principal('a')
    const again = { ...ann, id: 'b' }
    await expect(write((transaction) => insertPrincipal(transaction, again))).rejects.toMatchObject({
      code: 'conflict',
    })
    await write((transaction) => insertPrincipal(transaction, { ...again, kind: 'serviceaccount' }))
  })

  it('have the groups of the last time, and no earlier ones', async () => {
    const { db, write, principal } = opened()
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
    const { db, write, principal } = opened()
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
    const { db, write, principal, token, binding } = opened()
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

describe('tokens', () => {
  it('are found by the hash of their text', async () => {
    const { db, principal, token } = opened()
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
    const { db, write, principal, token } = opened()
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
    const { db, write, principal, token } = opened()
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
    expect(await countValidTokens(db, 'a', NOW)).toBe(2)
    expect(await countValidTokens(db, 'a', LATER)).toBe(1)
    await write((transaction) => deleteEndedTokens(transaction, 'a', '2026-01-02T00:00:00.000Z'))
    expect(await ids()).toEqual(['t2', 't3'])
    expect(await findToken(db, 't5')).toBeDefined()
  })

  it('with damaged limits are refused, not taken for unlimited', async () => {
    const { db, principal, token } = opened()
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

describe('bindings', () => {
  it('name their subjects as they are called now', async () => {
    const { db, principal, binding } = opened()
    await principal('a')
    const subjects = [
      { id: '1', subject: { kind: 'user' as const, name: 'name-a' }, principalId: 'a' },
      { id: '2', subject: { kind: 'group' as const, name: 'corp:x, y' } },
      { id: '3', subject: { kind: 'authenticated' as const } },
      { id: '4', subject: { kind: 'anonymous' as const } },
    ]
    for (const each of subjects)
      await binding({ ...each, role: 'reader', repositories: ['team-*', 'a/nf/**'] })
    const found = await allBindings(db)
    expect(found).toMatchObject(subjects)
    expect(found.every(({ repositories }) => repositories.join() === 'team-*,a/nf/**')).toBe(true)
    await sql`UPDATE principals SET name = 'ann'`.execute(db)
    expect((await findBinding(db, '1'))?.subject).toEqual({ kind: 'user', name: 'ann' })
    expect(await findBinding(db, '5')).toBeUndefined()
  })

  it('with an account have its id, and others have none', async () => {
    const { principal, binding } = opened()
    await principal('a')
    const role = 'reader'
    for (const wrong of [
      { id: '1', subject: { kind: 'user' as const, name: 'a' }, role },
      { id: '2', subject: { kind: 'user' as const, name: 'a' }, principalId: 'x', role },
      { id: '3', subject: { kind: 'anonymous' as const }, principalId: 'a', role },
    ] as const) {
      await expect(binding(wrong), wrong.id).rejects.toMatchObject({ code: 'conflict' })
    }
  })

  it('that are damaged are refused, not left out', async () => {
    const { db, binding } = opened()
    await binding({ id: '1', subject: { kind: 'anonymous' }, role: 'reader', repositories: ['a'] })
    await sql`UPDATE bindings SET role = 'owner'`.execute(db)
    await expect(allBindings(db)).rejects.toThrow(/the role of the binding 1 cannot be read/)
    await sql`UPDATE bindings SET role = 'reader', repositories = '["a b"]'`.execute(db)
    await expect(allBindings(db)).rejects.toThrow(/the binding 1 cannot be read/)
  })

  it('tell whether the server has an admin that is not disabled', async () => {
    const { db, write, principal, binding } = opened()
    const ann = await principal('a')
    expect(await hasServerAdmin(db)).toBe(false)
    await binding({ id: '1', subject: { kind: 'group', name: 'g' }, role: 'admin' })
    expect(await hasServerAdmin(db)).toBe(false)
    await write((transaction) => replaceGroups(transaction, 'a', ['g'], NOW))
    expect(await hasServerAdmin(db)).toBe(true)
    await write((transaction) => updatePrincipal(transaction, { ...ann, disabled: true }, NOW))
    expect(await hasServerAdmin(db)).toBe(false)
    await principal('b')
    await binding({ id: '2', subject: { kind: 'user', name: 'b' }, principalId: 'b', role: 'operator' })
    expect(await hasServerAdmin(db)).toBe(false)
    await binding({ id: '3', subject: { kind: 'user', name: 'b' }, principalId: 'b', role: 'admin' })
    expect(await hasServerAdmin(db)).toBe(true)
  })
})

it('an index with accounts or bindings only is not empty, so that it is kept when another takes its place', async () => {
  const folder = await temporaryFolder()
  const stateAfter = async (work: (transaction: Transaction) => Promise<unknown>) => {
    const index = openIndex(folder)
    await index.commits.run(work)
    await index.close()
    return inspectIndex(folder).state
  }
  expect(await stateAfter(async () => undefined)).toBe('empty')
  const binding = { subject: { kind: 'anonymous' as const }, role: 'reader' as const, repositories: ['a'] }
  const rest = { id: '1', principalId: undefined, createdBy: 'ann', createdAt: NOW }
  expect(await stateAfter((transaction) => insertBinding(transaction, { ...binding, ...rest }))).toBe(
    'filled',
  )
})
