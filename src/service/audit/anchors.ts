/**
 * Heads of the audit log, kept in the registry: an index that was rewritten does not agree with them, nor with their
 * copies and signatures. They are a record of their own, under a name that no repository of packages can have.
 */
import { readRecord, recordLayer } from '../../artifact/read-record.ts'
import { packRecord, type RecordData } from '../../artifact/record.ts'
import { AppError } from '../../core/errors.ts'
import { auditHead } from '../../database/audit/append.ts'
import { AUDIT_REPOSITORY, AUDIT_TAG } from '../../domain/tags.ts'
import { isNotFound, OciError } from '../../oci/errors.ts'
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts'
import { fetchAll, type Registry } from '../../oci/roles.ts'
import type { ServiceContext } from '../context.ts'
import { inRegistry, pushRecord } from '../registry-content.ts'
import { audit, SERVER } from './record.ts'

export type AuditHeads = RecordData['audit']['heads']

/** The latest are kept, of this log and of those of other servers on the same registry. */
const MOST_HEADS = 200
const MOST_OTHERS = 1000

/** Resolves to the heads in the registry, the oldest first. Throws `invalid` where they cannot be read, and an OciError. */
export async function readHeads(registry: Registry): Promise<AuditHeads> {
  const repository = registry.repository(AUDIT_REPOSITORY)
  try {
    const manifest = await fetchAll(repository, await repository.resolve(AUDIT_TAG), MAX_MANIFEST_BYTES)
    const layer = recordLayer('audit', manifest)
    return readRecord('audit', await fetchAll(repository, layer, MAX_MANIFEST_BYTES)).heads
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/** Resolves to the heads of this log, and to why those in the registry cannot be used. */
export async function ownHeads(ctx: ServiceContext): Promise<{ heads: AuditHeads; problem?: string }> {
  const { log } = await auditHead(ctx.db)
  try {
    return { heads: (await readHeads(ctx.registry)).filter((head) => head.log === log) }
  } catch (error) {
    return {
      heads: [],
      problem: `the heads of the audit log in the registry cannot be read: ${unusable(error)}`,
    }
  }
}

/** Adds the head of the log to those in the registry, unless it is there. */
export async function anchorAudit(ctx: ServiceContext): Promise<void> {
  await ctx.locks.run(AUDIT_REPOSITORY, async () => {
    const before = await readHeads(ctx.registry).catch((error) => replaced(ctx, unusable(error)))
    const { log, seq, hash } = await auditHead(ctx.db)
    const own = before.filter((head) => head.log === log)
    const last = own.at(-1)
    if (seq === 0 || (last?.seq === seq && last.hash === hash)) return
    const others = before.filter((head) => head.log !== log).slice(-MOST_OTHERS)
    const next = { log, seq, hash, at: ctx.now().toISOString() }
    const record = packRecord('audit', { heads: [...others, ...own.slice(1 - MOST_HEADS), next] })
    await pushRecord(ctx, AUDIT_REPOSITORY, record)
    ctx.intents.note(AUDIT_REPOSITORY)
    await inRegistry(() =>
      ctx.registry.repository(AUDIT_REPOSITORY).tag(record.manifest.descriptor, AUDIT_TAG),
    )
    ctx.intents.note(AUDIT_REPOSITORY)
  })
}

/** The log itself keeps that there were heads which nothing can be compared with any more. */
async function replaced(ctx: ServiceContext, reason: string): Promise<AuditHeads> {
  await ctx.commits.run((transaction) =>
    audit(ctx, transaction, SERVER, { type: 'audit.heads_replaced', reason }),
  )
  return []
}

/** Why content cannot be used; rethrows failures that are not the content's. */
function unusable(error: unknown): string {
  if (error instanceof AppError || (error instanceof OciError && error.code !== 'unavailable'))
    return error.message
  throw error
}
