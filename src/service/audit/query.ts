/** Reads the audit log. Reading it is recorded, too. */
import { setImmediate } from 'node:timers/promises'
import { auditHead } from '../../database/audit/append.ts'
import { type AuditFilter, listAudit } from '../../database/audit/read.ts'
import type { AuditRecord, AuditType } from '../../domain/audit/entry.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { audit } from './record.ts'

/** Records that are read at once for an export. */
const BATCH = 500

/** Lists records, the newest first. The first page is recorded as a read. */
export async function listAuditRecords(
  ctx: ServiceContext,
  actor: Actor,
  filter: AuditFilter,
  request: PageRequest,
): Promise<Page<AuditRecord>> {
  const result = await page(ctx, { list: 'audit', filter }, request, {
    fetch: (after: number | undefined, limit) => listAudit(ctx.db, filter, { order: 'desc', after, limit }),
    cursorAt: ({ seq }) => seq,
  })
  if (request.continue === undefined) await recordRead(ctx, actor, 'audit.read', filter)
  return result
}

/** Resolves to all records up to now, the oldest first, as lines of JSON. */
export async function exportAudit(
  ctx: ServiceContext,
  actor: Actor,
  filter: AuditFilter,
): Promise<AsyncGenerator<Uint8Array>> {
  const { seq } = await auditHead(ctx.db)
  await recordRead(ctx, actor, 'audit.exported', filter)
  return lines(ctx, filter, seq)
}

async function* lines(ctx: ServiceContext, filter: AuditFilter, upTo: number): AsyncGenerator<Uint8Array> {
  for (let after: number | undefined; ; ) {
    const records = await listAudit(ctx.db, filter, { order: 'asc', after, limit: BATCH, upTo })
    if (records.length > 0) yield Buffer.from(records.map((each) => `${JSON.stringify(each)}\n`).join(''))
    if (records.length < BATCH) return
    after = records.at(-1)?.seq
    // Other requests take turns with a long export.
    await setImmediate()
  }
}

async function recordRead(
  ctx: ServiceContext,
  actor: Actor,
  type: AuditType,
  { since, ...filter }: AuditFilter,
): Promise<void> {
  const given = Object.entries({ ...filter, since: since && Object.values(since)[0] })
  const shown = given.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
  await ctx.commits.run((transaction) =>
    audit(ctx, transaction, actor, { type, details: { filter: shown.join(' ') } }),
  )
}
