/** Checked by tsc only: each line below an @ts-expect-error must not compile. */
import type { Kysely } from 'kysely'
import type { Reader, Transaction } from '../../src/database/connection.ts'
import { nextResourceVersion } from '../../src/database/counters.ts'
import { findPackageRevision, moveMark } from '../../src/database/package-revisions/package-revisions.ts'
import type { Schema } from '../../src/database/schema.ts'
import { SERVER } from '../../src/service/audit/record.ts'
import type { ServiceContext } from '../../src/service/context.ts'
import { decide } from '../../src/service/intents.ts'

/** A decision reads and writes with its transaction. */
export async function decision(ctx: ServiceContext): Promise<number> {
  return decide(ctx, SERVER, 'blueprints/nf/upf', async (transaction) => {
    await findPackageRevision(transaction, 'blueprints.nf.upf.v1')
    await moveMark(transaction, 'latest', undefined, 'blueprints.nf.upf.v1')
    // @ts-expect-error This would wait for the end of the decision itself.
    await moveMark(ctx.db, 'latest', undefined, 'blueprints.nf.upf.v1')
    const event = { type: 'revision.edited' } as const
    // @ts-expect-error
    return { result: await nextResourceVersion(ctx.db), operations: [], event }
  })
}

/** The open database can only be read from. */
export async function openDatabase(db: Reader): Promise<void> {
  await findPackageRevision(db, 'blueprints.nf.upf.v1')
  // @ts-expect-error
  db.insertInto('settings')
  // @ts-expect-error
  db.updateTable('settings')
  // @ts-expect-error
  db.deleteFrom('settings')
  // @ts-expect-error
  db.transaction()
  // @ts-expect-error
  db.destroy()
}

/** A transaction is also a reader, and nothing else is a transaction. */
export function assignments(db: Kysely<Schema>, reader: Reader, transaction: Transaction): unknown[] {
  const readers: Reader[] = [db, reader, transaction]
  // @ts-expect-error
  const opened: Transaction = db
  // @ts-expect-error
  const read: Transaction = reader
  return [...readers, opened, read]
}
