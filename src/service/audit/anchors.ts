/**
 * Heads of the audit log, kept in the registry: whoever rewrites the index would have to rewrite them too, and what has
 * copied or signed them. They are a record of their own, under a name that no repository of packages can have.
 */
import { readRecord, recordLayer } from '../../artifact/read-record.ts'
import { packRecord, type RecordData } from '../../artifact/record.ts'
import { AppError } from '../../core/errors.ts'
import { auditHead } from '../../database/audit/append.ts'
import { AUDIT_REPOSITORY, AUDIT_TAG } from '../../domain/tags.ts'
import { isNotFound } from '../../oci/errors.ts'
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts'
import { fetchAll, type Registry } from '../../oci/roles.ts'
import type { ServiceContext } from '../context.ts'
import { inRegistry, pushRecord } from '../registry-content.ts'

export type AuditHeads = RecordData['audit']['heads']

/** The latest are kept. */
const MOST_HEADS = 200

/** Resolves to the heads in the registry, the oldest first. Throws `invalid` where they cannot be read. */
export async function readHeads(registry: Registry): Promise<AuditHeads> {
  const repository = registry.repository(AUDIT_REPOSITORY)
  return inRegistry(async () => {
    try {
      const manifest = await fetchAll(repository, await repository.resolve(AUDIT_TAG), MAX_MANIFEST_BYTES)
      const layer = recordLayer('audit', manifest)
      return readRecord('audit', await fetchAll(repository, layer, MAX_MANIFEST_BYTES)).heads
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  })
}

/** Adds the head of the log to those in the registry, unless it is there. */
export async function anchorAudit(ctx: ServiceContext): Promise<void> {
  await ctx.locks.run(AUDIT_REPOSITORY, async () => {
    const { seq, hash } = await auditHead(ctx.db)
    const before = await readHeads(ctx.registry).catch(noneIfInvalid)
    const last = before.at(-1)
    if (seq === 0 || (last?.seq === seq && last.hash === hash)) return
    const heads = [...before, { seq, hash, at: ctx.now().toISOString() }].slice(-MOST_HEADS)
    const record = packRecord('audit', { heads })
    await pushRecord(ctx, AUDIT_REPOSITORY, record)
    ctx.intents.note(AUDIT_REPOSITORY)
    await inRegistry(() =>
      ctx.registry.repository(AUDIT_REPOSITORY).tag(record.manifest.descriptor, AUDIT_TAG),
    )
    ctx.intents.note(AUDIT_REPOSITORY)
  })
}

function noneIfInvalid(error: unknown): AuditHeads {
  if (error instanceof AppError && error.code === 'invalid') return []
  throw error
}
