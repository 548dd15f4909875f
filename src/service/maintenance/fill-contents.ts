import type { Transaction } from '../../database/connection.ts'
import { indexContents, withoutContents } from '../../database/contents/contents.ts'
import type { Contents } from '../../domain/contents.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { packedFiles } from '../registry-content.ts'
import type { AsyncTasks } from '../workers/worker-pool.ts'

/** Revisions in one transaction. */
const BATCH = 100

type Options = {
  /** Inspects files, here or in a worker. */
  inspect: AsyncTasks['inspect']
  /** Runs a transaction. */
  write: (work: (transaction: Transaction) => Promise<void>) => Promise<void>
  /** Called for each revision whose layer cannot be read; it stays without content. */
  failed: (revision: PackageRevision, error: unknown) => void
  /** Ends the work early. */
  signal?: AbortSignal
}

/**
 * Indexes the content of all revisions that lack it, as after a rebuild or an upgrade of the server, so that search
 * finds their objects and images. Resolves to the number of revisions that have it now.
 */
export async function fillContents(
  ctx: Pick<ServiceContext, 'db' | 'registry' | 'limits'>,
  { inspect, write, failed, signal }: Options,
): Promise<number> {
  let filled = 0
  // Consecutive revisions often share a layer.
  let last: { digest: string; contents: Contents } | undefined
  for (let after = ''; ; ) {
    const revisions = await withoutContents(ctx.db, after, BATCH)
    if (revisions.length === 0) return filled
    after = revisions.at(-1)?.name ?? ''
    const found: { revision: PackageRevision; contents: Contents }[] = []
    for (const revision of revisions) {
      if (signal?.aborted) break
      const digest = revision.artifact.layerDigest
      try {
        if (last?.digest !== digest) {
          const input = async () => ({ files: await packedFiles(ctx, revision), limits: ctx.limits })
          const { contents } = await inspect(input, ociRepository(revision))
          last = { digest, contents }
        }
        found.push({ revision, contents: last.contents })
      } catch (error) {
        if (!signal?.aborted) failed(revision, error)
      }
    }
    await write(async (transaction) => {
      for (const { revision, contents } of found) await indexContents(transaction, revision, contents)
    })
    filled += found.length
    if (signal?.aborted) return filled
  }
}
