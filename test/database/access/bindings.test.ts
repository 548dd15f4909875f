import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import {
  allBindings,
  findBinding,
  hasServerAdmin,
  insertBinding,
} from '../../../src/database/access/bindings.ts'
import { replaceGroups } from '../../../src/database/access/identities.ts'
import { updatePrincipal } from '../../../src/database/access/principals.ts'
import { revokeToken } from '../../../src/database/access/tokens.ts'
import type { Transaction } from '../../../src/database/connection.ts'
import { openIndex } from '../../../src/database/open.ts'
import { inspectIndex } from '../../../src/database/sqlite/replace-index.ts'
import { accountRows, LATER, NOW } from '../../support/account-rows.ts'
import { temporaryFolder } from '../../support/temporary.ts'

describe('bindings', () => {
  it('name their subjects as they are called now', async () => {
    const { db, principal, binding } = accountRows()
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
    const { principal, binding } = accountRows()
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
    const { db, binding } = accountRows()
    await binding({ id: '1', subject: { kind: 'anonymous' }, role: 'reader', repositories: ['a'] })
    await sql`UPDATE bindings SET role = 'owner'`.execute(db)
    await expect(allBindings(db)).rejects.toThrow(/the role of the binding 1 cannot be read/)
    await sql`UPDATE bindings SET role = 'reader', repositories = '["a b"]'`.execute(db)
    await expect(allBindings(db)).rejects.toThrow(/the binding 1 cannot be read/)
  })

  it('tell whether the server has an admin that is not disabled', async () => {
    const { db, write, principal, binding } = accountRows()
    const ann = await principal('a')
    expect(await hasServerAdmin(db, NOW)).toBe(false)
    await binding({ id: '1', subject: { kind: 'group', name: 'g' }, role: 'admin' })
    expect(await hasServerAdmin(db, NOW)).toBe(false)
    await write((transaction) => replaceGroups(transaction, 'a', ['g'], NOW))
    expect(await hasServerAdmin(db, NOW)).toBe(true)
    await write((transaction) => updatePrincipal(transaction, { ...ann, disabled: true }, NOW))
    expect(await hasServerAdmin(db, NOW)).toBe(false)
    await principal('b')
    await binding({ id: '2', subject: { kind: 'user', name: 'b' }, principalId: 'b', role: 'operator' })
    expect(await hasServerAdmin(db, NOW)).toBe(false)
    await binding({ id: '3', subject: { kind: 'user', name: 'b' }, principalId: 'b', role: 'admin' })
    expect(await hasServerAdmin(db, NOW)).toBe(true)
  })

  it('count a service account as an admin only while it has a token for that', async () => {
    const { db, write, principal, binding, token } = accountRows()
    const has = (now = NOW) => hasServerAdmin(db, now)
    await principal('s', 'serviceaccount')
    const subject = { kind: 'serviceaccount', name: 's' } as const
    await binding({ id: '1', subject, principalId: 's', role: 'admin' })
    expect(await has()).toBe(false)
    const change = (column: string, value: string) =>
      sql`UPDATE tokens SET ${sql.ref(column)} = ${value}`.execute(db)
    await token('t', 's', LATER)
    expect(await has()).toBe(false)
    await change('permissions', '["read","server.admin"]')
    expect(await has()).toBe(false)
    await change('repositories', '["*"]')
    expect([await has(), await has(LATER)]).toEqual([true, false])
    const revocation = { at: NOW, by: 'ann', reason: null }
    await write((transaction) => revokeToken(transaction, 't', revocation))
    expect(await has()).toBe(false)
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
