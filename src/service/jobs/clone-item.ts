import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { SEES_ALL } from '../../domain/access/visible-set.ts'
import { revisionName } from '../../domain/names.ts'
import { checkNewPackage } from '../drafts/clone.ts'
import { createPackageRevision } from '../drafts/create-package-revision.ts'
import { getRepository } from '../repository-record.ts'
import type { ItemWork } from './perform-item.ts'

/** Creates the first draft of a package from the upstream. Existing clones are skipped, so jobs can be repeated. */
export const cloneItem: ItemWork = async (ctx, job, item, record) => {
  const { upstream } = job
  const name = revisionName(item)
  const existing = await findPackageRevision(ctx.db, name)
  if (existing?.task === 'clone' && existing.upstream?.name === upstream.name) {
    const reason = `${name} is already a clone of ${upstream.name}`
    return ctx.commits.run((transaction) => record(transaction, { state: 'Skipped', reason, revision: name }))
  }
  if (job.dryRun) {
    await getRepository(ctx.db, item.repository)
    await checkNewPackage(ctx.db, SEES_ALL, item)
    const reason = `${name} would be cloned from ${upstream.name}`
    return ctx.commits.run((transaction) =>
      record(transaction, { state: 'Succeeded', revision: null, conflicts: 0, reason }),
    )
  }
  const { repository, package: path, workspace } = item
  const { version = null, labels, annotations, setters } = item.input
  const source = { task: 'clone' as const, upstream: upstream.name, setters }
  await createPackageRevision(
    ctx,
    job.actor,
    { repository, package: path, workspace, version, labels, annotations, source },
    (transaction, draft) => record(transaction, { state: 'Succeeded', revision: draft.name, conflicts: 0 }),
  )
}
