import { AppError } from '../../core/errors.ts'
import { artifactDigests } from '../../database/package-revisions/of-package.ts'
import type { AuditEvent } from '../../domain/audit/entry.ts'
import { type Acting, audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { pendingOperations } from '../operations.ts'
import type { GarbageItem, GarbageReport } from '../ports.ts'

/** Removed items that an answer lists. */
const MAX_ITEMS = 1000
/** No repository has this name. */
const LOCK = '#garbage'

/**
 * Removes unreferenced content from the embedded registry. Keeps what the index references, also before its tags are
 * set, and what changes in flight have pushed. Throws `not_available` for an external registry.
 */
export async function collectGarbage(
  ctx: ServiceContext,
  actor: Acting,
  { dryRun }: { dryRun: boolean },
): Promise<GarbageReport & { items: GarbageItem[] }> {
  const { collect } = ctx
  if (!collect) {
    const message = 'the artifacts are in an external registry: collect garbage there, with its own tools'
    throw new AppError('not_available', message)
  }
  return ctx.locks.run(LOCK, async () => {
    await record(ctx, actor, { type: 'garbage.started', details: { dryRun } })
    const items: GarbageItem[] = []
    const report = await collect({
      dryRun,
      roots: (ociRepository) => neededDigests(ctx, ociRepository),
      // A change holds its lock from its first push to its last tag.
      keepSince: ctx.locks.workingSince,
      onRemoved: (item) => {
        if (items.length < MAX_ITEMS) items.push(item)
      },
    })
    const { manifests, blobs, bytes } = report
    if (!dryRun) await record(ctx, actor, { type: 'garbage.collected', details: { manifests, blobs, bytes } })
    return { ...report, items }
  })
}

/** Before and after, as the registry has no transactions. */
async function record(ctx: ServiceContext, actor: Acting, event: AuditEvent): Promise<void> {
  await ctx.commits.run((transaction) => audit(ctx, transaction, actor, event))
}

/** The manifests of revisions, and those whose tags are still to be set. */
async function neededDigests(ctx: ServiceContext, ociRepository: string): Promise<string[]> {
  const pending = await pendingOperations(ctx.db, ociRepository)
  const tagged = pending
    .flatMap(({ operations }) => operations)
    .flatMap((operation) => (operation.do === 'tag' ? [operation.descriptor.digest] : []))
  return [...(await artifactDigests(ctx.db, ociRepository)), ...tagged]
}
