import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nextResourceVersion } from '../../../src/database/counters.ts'
import { GroupCommit } from '../../../src/database/group-commit.ts'
import type { Db } from '../../../src/database/schema.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'

function open() {
  const db = openDatabase(':memory:')
  onTestFinished(() => db.destroy())
  return { db, commits: new GroupCommit(db) }
}

async function put(db: Db, name: string): Promise<string> {
  await db.insertInto('settings').values({ name, value: '' }).execute()
  return name
}

async function names(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('settings').select('name').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

describe('GroupCommit', () => {
  it('resolves each transaction with its own result', async () => {
    const { db, commits } = open()
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) => commits.run((transaction) => put(transaction, name))),
    )
    expect(results).toEqual(['a', 'b', 'c'])
    expect(await names(db)).toEqual(['a', 'b', 'c'])
  })

  it('rolls a failing one back alone', async () => {
    const { db, commits } = open()
    const outcomes = await Promise.allSettled([
      commits.run((transaction) => put(transaction, 'a')),
      commits.run(async (transaction) => {
        await put(transaction, 'b')
        throw new Error('changed my mind')
      }),
      commits.run((transaction) => put(transaction, 'a')),
      commits.run((transaction) => put(transaction, 'c')),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(await names(db)).toEqual(['a', 'c'])
    await expect(
      commits.run(async () => {
        throw new Error('alone')
      }),
    ).rejects.toThrow('alone')
    expect(await commits.run((transaction) => put(transaction, 'd'))).toBe('d')
  })

  it('runs them one after the other: a later one sees what an earlier one did', async () => {
    const { commits } = open()
    const versions = await Promise.all(Array.from({ length: 50 }, () => commits.run(nextResourceVersion)))
    expect(versions).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('fails all of a batch when the commit fails, and goes on', async () => {
    const { db, commits } = open()
    await sql`PRAGMA foreign_keys = ON`.execute(db)
    const deferred = async (transaction: Db) => {
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

  it('tells each of a batch that the disk is full, and goes on when there is room', async () => {
    const { db, commits } = open()
    const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(db)
    await sql.raw(`PRAGMA max_page_count = ${Number(rows[0]?.page_count) + 1}`).execute(db)
    const large = async (transaction: Db) => {
      const value = 'x'.repeat(100_000)
      await transaction.insertInto('settings').values({ name: 'large', value }).execute()
    }
    const batch = () =>
      Promise.allSettled([
        commits.run((transaction) => put(transaction, 'a')),
        commits.run(large),
        commits.run((transaction) => put(transaction, 'b')),
      ])
    const full = { status: 'rejected', reason: { code: 'SQLITE_FULL' } }
    expect(await batch()).toMatchObject([full, full, full])
    await expect(commits.run(large)).rejects.toMatchObject({ code: 'SQLITE_FULL' })
    expect(await names(db)).toEqual([])
    await sql`PRAGMA max_page_count = 1000`.execute(db)
    expect(await batch()).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ])
  })
})
