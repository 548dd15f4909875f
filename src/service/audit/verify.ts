/** Verifies the audit log: that no record is changed or missing, and that heads kept elsewhere agree. */
import { setImmediate } from 'node:timers/promises'
import { auditHead } from '../../database/audit/append.ts'
import { auditLinks } from '../../database/audit/read.ts'
import type { ChainHead } from '../../domain/audit/chain.ts'
import { type Anchor, ChainCheck, type ChainReport } from '../../domain/audit/check-chain.ts'
import type { ServiceContext } from '../context.ts'
import { inRegistry } from '../registry-content.ts'
import { ownHeads } from './anchors.ts'
import { hashOfAddress } from './record.ts'
import { AUDIT_LOCK } from './retention.ts'

/** Records that are read at once. */
const BATCH = 500

export type AuditReport = ChainReport & { milliseconds: number }

/** `heads`: those that the caller has kept, of a backup for example. */
export async function verifyAudit(ctx: ServiceContext, heads: readonly ChainHead[]): Promise<AuditReport> {
  const began = performance.now()
  const given = heads.map((head) => ({ ...head, from: 'the head given' }))
  const { heads: own, problem } = await inRegistry(() => ownHeads(ctx))
  const anchors: Anchor[] = own.map((head) => ({ ...head, from: `the head in the registry of ${head.at}` }))
  const check = new ChainCheck([...given, ...anchors], (address) => hashOfAddress(ctx.addressKey, address))
  let after = Number.MIN_SAFE_INTEGER
  const readOn = async (): Promise<boolean> => {
    const rows = await auditLinks(ctx.db, after, BATCH)
    for (const row of rows) check.add(row)
    after = rows.at(-1)?.seq ?? after
    return rows.length === BATCH
  }
  // Nothing is cut off meanwhile.
  const report = await ctx.locks.run(AUDIT_LOCK, async () => {
    while (await readOn()) await setImmediate()
    // Now that few are left, nothing comes between the last record and the head.
    return ctx.commits.paused(async () => {
      while (await readOn());
      return check.end(await auditHead(ctx.db))
    })
  })
  const problems = [...report.problems, ...(problem === undefined ? [] : [{ seq: 0, problem }])]
  return { ...report, problems, milliseconds: Math.round(performance.now() - began) }
}
