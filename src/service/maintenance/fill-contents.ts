import type { Transaction } from '../../database/connection.ts'
import { indexContents, withoutContents } from '../../database/contents/contents.ts'
import type { Contents } from '../../domain/contents.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer } from '../registry-content.ts'
import { inspectResources } from '../workers/pack-resources.ts'

/** Revisions in one transaction. */
const BATCH = 100

type Context = Pick<ServiceContext, 'db' | 'registry' | 'limits'>

/**
 * Indexes the content of all revisions that lack it, as after a rebuild, so that search finds their objects and images.
 * `write` runs a transaction. `failed` is called for each revision whose layer cannot be read; it stays without content.
 */
export async function fillContents(
  ctx: Context,
  write: (work: (transaction: Transaction) => Promise<void>) => Promise<void>,
  failed: (revision: PackageRevision, error: unknown) => void,
): Promise<void> {
  // Consecutive revisions often share a layer.
  let last: { digest: string; contents: Contents } | undefined
  for (let after = ''; ; ) {
    const revisions = await withoutContents(ctx.db, after, BATCH)
    if (revisions.length === 0) return
    after = revisions.at(-1)?.name ?? ''
    const found: { revision: PackageRevision; contents: Contents }[] = []
    for (const revision of revisions) {
      const digest = revision.artifact.layerDigest
      try {
        if (last?.digest !== digest) {
          last = { digest, contents: inspectResources((await readLayer(ctx, revision)).resources).contents }
        }
        found.push({ revision, contents: last.contents })
      } catch (error) {
        failed(revision, error)
      }
    }
    await write(async (transaction) => {
      for (const { revision, contents } of found) await indexContents(transaction, revision, contents)
    })
  }
}
