import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { type Index, openIndex } from '../../../src/database/open.ts'
import { secret } from '../../../src/database/settings.ts'
import { lockFolder } from '../../../src/database/sqlite/folder-lock.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { temporaryFolder } from '../../support/temporary.ts'

describe('the index of a data folder', () => {
  it('is created at the first opening, and keeps its content', async () => {
    const folder = await temporaryFolder()
    const secretOf = ({ commits }: Index, name: string) =>
      commits.run((transaction) => secret(transaction, name))
    const first = openIndex(folder)
    const key = await secretOf(first, 'x')
    await first.close()
    const second = openIndex(folder)
    expect(await secretOf(second, 'x')).toEqual(key)
    expect(await secretOf(second, 'y')).not.toEqual(key)
    await second.close()
  })

  it('can be read by no other user of the machine, as it has keys', async () => {
    const file = join(await temporaryFolder(), 'index.db')
    await writeFile(file, '', { mode: 0o644 })
    for (let opening = 0; opening < 2; opening++) {
      const db = openDatabase(file)
      await sql`UPDATE counters SET value = value`.execute(db)
      for (const end of ['', '-wal', '-shm']) expect((await stat(file + end)).mode & 0o777, end).toBe(0o600)
      await db.destroy()
    }
  })

  it('syncs every commit to the disk before it acknowledges it', async () => {
    const db = openDatabase(join(await temporaryFolder(), 'index.db'))
    const pragma = async (name: string) =>
      (await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(db)).rows[0]
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 })
    expect(await pragma('foreign_keys')).toEqual({ foreign_keys: 1 })
    await db.destroy()
  })

  it('is refused if a newer version has written it', async () => {
    const file = join(await temporaryFolder(), 'index.db')
    await openDatabase(file).destroy()
    const raw = new BetterSqlite3(file)
    raw.prepare("INSERT INTO migrations VALUES ('9999_future.sql', '')").run()
    raw.close()
    expect(() => openDatabase(file)).toThrow(
      /has the migration 9999_future.sql, which this version .* does not know/,
    )
  })
})

describe('the lock of a data folder', () => {
  it('is held by one process at a time', async () => {
    const folder = await temporaryFolder()
    const lock = lockFolder(folder)
    expect(() => lockFolder(folder)).toThrow(/another pkgserver is using/)
    lock.release()
    lockFolder(folder).release()
  })

  it('tells why a folder cannot be locked', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'lock.db'))
    expect(() => lockFolder(folder)).toThrow(
      /cannot be used for data, as .*lock.db cannot be locked: unable to open/,
    )
  })
})
