import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Transaction } from '../../../src/database/connection.ts'
import { memoryIndex } from '../../../src/database/open.ts'
import { names, put } from '../../support/settings.ts'

function open() {
  const index = memoryIndex()
  onTestFinished(index.close)
  return index
}

describe('transactions on SQLite', () => {
  it('all fail when the commit of their batch fails, and later ones succeed', async () => {
    const { db, commits } = open()
    await sql`PRAGMA foreign_keys = ON`.execute(db)
    const deferred = async (transaction: Transaction) => {
      await sql`PRAGMA defer_foreign_keys = ON`.execute(transaction)
      await sql`INSERT INTO retired_workspaces (package_id, workspace, revision) VALUES (99, 'w', 0)`.execute(
        transaction,
      )
    }
    const outcomes = await Promise.allSettled([
      commits.run((transaction) => put(transaction, 'a')),
      commits.run(deferred),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await names(db)).toEqual([])
    expect(await commits.run((transaction) => put(transaction, 'b'))).toBe('b')
  })

  it('each fail on a full disk, and succeed when there is room again', async () => {
    const { db, commits } = open()
    const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(db)
    await sql.raw(`PRAGMA max_page_count = ${Number(rows[0]?.page_count) + 1}`).execute(db)
    const large = async (transaction: Transaction) => {
      const value = 'x'.repeat(100_000)
      await transaction.insertInto('settings').values({ name: 'large', value }).execute()
    }
    const batch = () =>
      Promise.allSettled([
        commits.run((transaction) => put(transaction, 'a')),
        commits.run(large),
        commits.run((transaction) => put(transaction, 'b')),
      ])
    const full = { status: 'rejected', reason: { code: 'insufficient_storage' } }
    expect(await batch()).toMatchObject([full, full, full])
    await expect(commits.run(large)).rejects.toMatchObject({ code: 'insufficient_storage' })
    expect(await names(db)).toEqual([])
    await sql`PRAGMA max_page_count = 1000`.execute(db)
    expect(await batch()).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ])
  })
})
