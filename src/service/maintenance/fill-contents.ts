import type { Transaction } from '../../database/connection.ts'
import { indexContents, withoutContents } from '../../database/contents/contents.ts'
import type { Contents } from '../../domain/contents.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer } from '../registry-content.ts'
import { inspectResources } from '../threads/pack-resources.ts'

/** So many are written at once. */
const BATCH = 100

type Context = Pick<ServiceContext, 'db' | 'registry' | 'limits'>

/**
 * Looks into the files of all revisions that nobody has looked into, as after a rebuild, so that a search finds what is
 * in them. `write` runs a transaction. What cannot be read is left as it is, and told to `failed`.
 */
export async function fillContents(
  ctx: Context,
  write: (work: (transaction: Transaction) => Promise<void>) => Promise<void>,
  failed: (revision: PackageRevision, error: unknown) => void,
): Promise<void> {
  // A layer is often that of the revision before.
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
          last = { digest, contents: inspectResources(await readLayer(ctx, revision)).contents }
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
