/** Properties that every database of the index must have, since the queries rely on them. */

import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Reader } from '../../src/database/connection.ts'
import { nextResourceVersion, startResourceVersions } from '../../src/database/counters.ts'
import { dialectOf, type Word } from '../../src/database/dialect.ts'
import { addIntent } from '../../src/database/intents.ts'
import type { Index } from '../../src/database/open.ts'
import { addPackage } from '../../src/database/repositories/packages.ts'
import type { Sql } from '../../src/database/sql.ts'
import { names, put } from '../support/settings.ts'

async function isTrue(db: Reader, condition: Sql): Promise<boolean> {
  const { rows } = await sql<{ found: unknown }>`SELECT 1 AS found WHERE ${condition}`.execute(db)
  return rows.length === 1
}

export function indexSuite(kind: string, create: () => Promise<Index>): void {
  const open = async () => {
    const index = await create()
    onTestFinished(index.close)
    return index
  }

  describe(`the transactions of an index: ${kind}`, () => {
    it('each resolve with their own result', async () => {
      const { db, commits } = await open()
      const results = await Promise.all(
        ['a', 'b', 'c'].map((name) => commits.run((transaction) => put(transaction, name))),
      )
      expect(results).toEqual(['a', 'b', 'c'])
      expect(await names(db)).toEqual(['a', 'b', 'c'])
    })

    it('fail alone, with conflict where a constraint forbids a write', async () => {
      const { db, commits } = await open()
      const refused = new Error('refused')
      const outcomes = await Promise.allSettled([
        commits.run((transaction) => put(transaction, 'a')),
        commits.run(async (transaction) => {
          await put(transaction, 'b')
          throw refused
        }),
        commits.run((transaction) => put(transaction, 'a')),
        commits.run((transaction) => put(transaction, 'c')),
      ])
      expect(outcomes).toMatchObject([
        { value: 'a' },
        { reason: refused },
        { reason: { name: 'AppError', code: 'conflict' } },
        { value: 'c' },
      ])
      expect(await names(db)).toEqual(['a', 'c'])
      await expect(commits.run(() => Promise.reject(refused))).rejects.toBe(refused)
      expect(await commits.run((transaction) => put(transaction, 'd'))).toBe('d')
    })

    it('run one after the other, so that each sees the writes of those before', async () => {
      const { commits } = await open()
      const versions = await Promise.all(Array.from({ length: 50 }, () => commits.run(nextResourceVersion)))
      expect(versions).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    })

    it('reserve ranges of resourceVersions, which only grow', async () => {
      const { commits } = await open()
      const next = (count: number) => commits.run((transaction) => nextResourceVersion(transaction, count))
      const start = (above: number) => commits.run((transaction) => startResourceVersions(transaction, above))
      expect(await next(10)).toBe(10)
      await start(1000)
      expect(await next(1)).toBe(1001)
      await start(1000)
      expect(await next(1)).toBe(1002)
    })
  })

  describe(`the dialect of an index: ${kind}`, () => {
    it('lists values, however many', async () => {
      const { db } = await open()
      const { list } = dialectOf(db)
      const texts = ['a', "it's", '"b"', 'ü', ...Array.from({ length: 40_000 }, (_, at) => `name-${at}`)]
      for (const text of texts.slice(0, 5)) {
        expect(await isTrue(db, sql`${text} IN ${list(texts)}`), text).toBe(true)
      }
      expect(await isTrue(db, sql`'b' IN ${list(texts)}`)).toBe(false)
      expect(await isTrue(db, sql`2 IN ${list([1, 2])}`)).toBe(true)
      expect(await isTrue(db, sql`3 IN ${list([1, 2])}`)).toBe(false)
      expect(await isTrue(db, sql`'b' IN ${list([])}`)).toBe(false)
    })

    it('makes rows a table, with their types and in their columns', async () => {
      const { db } = await open()
      const { rows: table } = dialectOf(db)
      const given = [
        { name: 'a', at: 1, contentsId: 7 },
        { name: 'it\'s "b", ü', at: 2, contentsId: 8 },
      ]
      const { rows } = await sql`
        SELECT given."contentsId", given.name, given.at + 1 AS next
        FROM ${table(['contentsId', 'name', 'at'], given)} AS given ORDER BY given.at DESC`.execute(db)
      expect(rows).toEqual([
        { contentsId: 8, name: 'it\'s "b", ü', next: 3 },
        { contentsId: 7, name: 'a', next: 2 },
      ])
    })

    it('joins tables in an order, along an index', async () => {
      const { db, commits } = await open()
      await commits.run(async (transaction) => {
        for (const [at, ociRepository] of ['a', 'b', 'c'].entries()) {
          await addIntent(transaction, { ociRepository, operations: `[${at + 1}]` }, '')
        }
      })
      const { rows: table, ordered, indexed } = dialectOf(db)
      const wanted = sql`${table(['path'], [{ path: 'c' }, { path: 'a' }, { path: 'x' }])} AS wanted`
      const intents = indexed(sql`intents`, 'intents_repository')
      const { rows } = await sql`
        SELECT wanted.path, intents.operations
        FROM ${ordered(wanted, intents, sql`intents.oci_repository = wanted.path`)} ORDER BY wanted.path`.execute(
        db,
      )
      expect(rows).toEqual([
        { path: 'a', operations: '[1]' },
        { path: 'c', operations: '[3]' },
      ])
    })

    it('finds a text in a text', async () => {
      const { db } = await open()
      const { has } = dialectOf(db)
      expect(await isTrue(db, has(sql`'-nf-upf'`, '-upf'))).toBe(true)
      for (const other of ['-smf', '%', '_', '-UPF']) {
        expect(await isTrue(db, has(sql`'-nf-upf'`, other)), other).toBe(false)
      }
    })

    it('finds rows by their words, and by the beginnings of words', async () => {
      const { db, commits } = await open()
      const id = await commits.run(async (transaction) => {
        await addPackage(transaction, { repository: 'edge', package: 'cache' })
        return addPackage(transaction, { repository: 'blueprints', package: 'nf/upf-core' })
      })
      const find = async (word: Word) => {
        const ids = dialectOf(db).wordSource('packages', word)
        const { rows } = await sql<{ id: number }>`${ids}`.execute(db)
        return rows.map((row) => row.id)
      }
      for (const text of ['blueprints', 'nf', 'upf', 'core']) {
        expect(await find({ text, begins: false }), text).toEqual([id])
      }
      expect(await find({ text: 'blue', begins: true })).toEqual([id])
      expect(await find({ text: 'blue', begins: false })).toEqual([])
      expect(await find({ text: 'prints', begins: true })).toEqual([])
    })
  })
}
