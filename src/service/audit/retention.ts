/** Keeps the audit log from growing for ever. */
import { setImmediate } from 'node:timers/promises'
import { hasOldDenials, settleDenials } from '../../database/audit/denials.ts'
import { cutOldestDay, forgetAddresses } from '../../database/audit/retention.ts'
import type { ServiceContext } from '../context.ts'
import { audit, SERVER } from './record.ts'

/** Milliseconds; 0 keeps them for ever. */
export type KeptAudit = { records: number; addresses: number }

/** No repository has this name. */
export const AUDIT_LOCK = '#audit'
/** Rows per transaction; other writers run in between. */
const AT_ONCE = 500

/** Records what refusals were repeated, cuts old days off the log, and forgets old addresses. */
export async function pruneAudit(
  ctx: Pick<ServiceContext, 'db' | 'commits' | 'locks' | 'now' | 'addressKey'>,
  kept: KeptAudit,
): Promise<void> {
  const now = ctx.now()
  const before = (milliseconds: number) => new Date(now.getTime() - milliseconds).toISOString()
  if (await hasOldDenials(ctx.db, now.toISOString()))
    await ctx.commits.run((transaction) => settleDenials(transaction, now.toISOString()))
  if (kept.records > 0) await ctx.locks.run(AUDIT_LOCK, () => cutDays(ctx, before(kept.records).slice(0, 10)))
  if (kept.addresses === 0) return
  const step = () =>
    ctx.commits.run((transaction) => forgetAddresses(transaction, before(kept.addresses), AT_ONCE))
  while (await step()) await setImmediate()
}

/** The record of a cut is what a chain without its beginning starts from. */
async function cutDays(
  ctx: Pick<ServiceContext, 'commits' | 'now' | 'addressKey'>,
  keepFrom: string,
): Promise<void> {
  const step = () =>
    ctx.commits.run(async (transaction) => {
      const cut = await cutOldestDay(transaction, keepFrom)
      if (!cut) return false
      const { through, records, day } = cut
      const details = { throughSeq: through.seq, throughHash: through.hash, records, until: day }
      await audit(ctx, transaction, SERVER, { type: 'audit.cut', details })
      return true
    })
  while (await step()) await setImmediate()
}
