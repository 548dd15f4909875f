/** Folds refusals, so that a scan cannot fill the disk: per subject, kind, route and minute there are at most two records. */
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Reader, Transaction } from '../connection.ts'
import { appendAudit } from './append.ts'

export type Denial = {
  /** The principal, or the address of a caller without an account. */
  subject: string
  /** With the kind of the refusal. */
  route: string
  entry: AuditEntry
  address: string | null
}

/** Subjects and routes of a minute, beyond which all others are folded into one. */
const MOST_PER_MINUTE = 200
const OTHERS = 'others'

/** Records a refusal if it is the first of its kind in its minute; else counts it. */
export async function foldDenial(transaction: Transaction, denial: Denial): Promise<void> {
  const minute = minuteOf(denial.entry.time)
  const kind = { minute, subject: denial.subject, route: denial.route }
  if (await countAgain(transaction, kind)) return
  const { count } = await transaction
    .selectFrom('audit_denials')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('minute', '=', minute)
    .executeTakeFirstOrThrow()
  const others = { minute, subject: OTHERS, route: '' }
  const full = Number(count) >= MOST_PER_MINUTE
  if (full && (await countAgain(transaction, others))) return
  await appendAudit(transaction, denial.entry, denial.address)
  const entry = JSON.stringify(full ? ofOthers(denial.entry) : denial.entry)
  await transaction
    .insertInto('audit_denials')
    .values({ ...(full ? others : kind), repeats: 0, entry })
    .execute()
}

async function countAgain(
  transaction: Transaction,
  { minute, subject, route }: { minute: string; subject: string; route: string },
): Promise<boolean> {
  const counted = await transaction
    .updateTable('audit_denials')
    .set(({ eb }) => ({ repeats: eb('repeats', '+', 1) }))
    .where('minute', '=', minute)
    .where('subject', '=', subject)
    .where('route', '=', route)
    .returning('repeats')
    .executeTakeFirst()
  return counted !== undefined
}

const NO_TARGET = { repository: null, package: null, revision: null, name: null }

/** Repeats may have had other targets and reasons than the first one. */
function ofRepeats(entry: AuditEntry): AuditEntry {
  return {
    ...entry,
    request: entry.request && { ...entry.request, id: null },
    target: NO_TARGET,
    reason: null,
    details: {},
  }
}

/** Says nothing of one caller and kind, as there are many. */
function ofOthers(entry: AuditEntry): AuditEntry {
  return {
    ...entry,
    type: 'access.denied',
    code: null,
    actor: { id: null, name: OTHERS, kind: 'anonymous', groups: [] },
    via: { kind: 'none', tokenId: null, issuer: null, subject: null, jti: null, job: null },
    source: { addressHash: null, userAgent: null },
    request: null,
  }
}

/** Records the repeats of minutes that are over, with their count. */
export async function settleDenials(transaction: Transaction, now: string): Promise<void> {
  const over = await transaction
    .deleteFrom('audit_denials')
    .where('minute', '<', minuteOf(now))
    .returning(['minute', 'repeats', 'entry'])
    .execute()
  for (const { repeats, entry } of over.filter((row) => row.repeats > 0)) {
    const first = JSON.parse(entry) as AuditEntry
    await appendAudit(transaction, { ...ofRepeats(first), time: now, count: repeats }, null)
  }
}

/** Whether minutes that are over wait to be settled. */
export async function hasOldDenials(db: Reader, now: string): Promise<boolean> {
  const row = await db
    .selectFrom('audit_denials')
    .select('minute')
    .where('minute', '<', minuteOf(now))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

function minuteOf(time: string): string {
  return time.slice(0, 'yyyy-mm-ddThh:mm'.length)
}
