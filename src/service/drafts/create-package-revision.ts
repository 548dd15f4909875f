import { AppError } from '../../core/errors.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { listConflicts } from '../../database/package-revisions/conflicts.ts'
import { insertPackageRevision, workspaceTaken } from '../../database/package-revisions/package-revisions.ts'
import { addPackage, findPackage, type PackageState } from '../../database/repositories/packages.ts'
import type { Db } from '../../database/schema.ts'
import { type ReadinessGate, withCondition } from '../../domain/conditions.ts'
import { initResources } from '../../domain/kpt/init-resources.ts'
import type { Labels } from '../../domain/labels.ts'
import { isOpen, mergedCondition, numbered } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type RevisionId, revisionIdProblem, revisionName } from '../../domain/names.ts'
import { type PackageRevision, UNREVIEWED } from '../../domain/package-revision.ts'
import type { Repository } from '../../domain/repository.ts'
import type { Resources } from '../../domain/resources.ts'
import type { Actor } from '../access/actor.ts'
import { getRevision, pushRevision, tagOperation, type UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { checkNoForeignTags } from '../foreign-tags.ts'
import { decide, finishEarlier } from '../intents.ts'
import { checkMetadata } from '../metadata.ts'
import { getRepository } from '../repository-record.ts'
import { checkVersion } from '../version-rules.ts'
import { checkNewPackage, cloned } from './clone.ts'
import { type Origin, packed } from './draft-content.ts'
import { withConflicts } from './record-conflicts.ts'
import { mergeUpgrade, type UpgradeRequest } from './upgrade.ts'
import { checkStillPublished, type UpstreamReference } from './upstream-reference.ts'

export type Source =
  | { task: 'init'; description?: string | undefined }
  | { task: 'resources'; resources: Resources }
  | { task: 'copy'; from: string }
  | { task: 'clone'; upstream: UpstreamReference; setters?: Labels | undefined }
  | ({ task: 'upgrade' } & UpgradeRequest)

export type NewRevision = RevisionId & {
  version: string | null
  /** undefined takes what the source has. */
  labels?: Labels | undefined
  annotations?: Labels | undefined
  readinessGates?: readonly ReadinessGate[] | undefined
  source: Source
}

/** Makes a Draft. Throws `not_found`, `already_exists`, `conflict`, `invalid` and `too_large`. */
export async function createPackageRevision(
  ctx: ServiceContext,
  actor: Actor,
  input: NewRevision,
  /** Is done in the transaction that makes the draft: both are done or neither. */
  along: (transaction: Db, draft: PackageRevision) => Promise<void> = async () => undefined,
): Promise<PackageRevision> {
  const tooLong = revisionIdProblem(input)
  if (tooLong) throw new AppError('invalid', tooLong)
  checkMetadata(input)
  const target = ociRepository(input)
  const name = revisionName(input)
  return ctx.locks.run(target, async () => {
    await finishEarlier(ctx, target)
    const repository = await getRepository(ctx.db, input.repository)
    checkFilledByClients(repository)
    const state = await findPackage(ctx.db, input)
    if (input.source.task === 'clone') await checkNewPackage(ctx.db, input)
    await checkFree(ctx.db, state, input)
    const origin = await originOf(ctx, input)
    const draft = await pushRevision(ctx, newDraft(ctx, actor, input, repository, origin))
    const conflicts = origin.conflicts?.length ? await withConflicts(ctx, input, origin.conflicts) : undefined
    // After the push: that waits for whoever was about to set a tag when the repository was made.
    if (!state) await checkNoForeignTags(ctx, target)
    return decide(ctx, target, async (transaction) => {
      const now = await getRepository(transaction, input.repository)
      if (now.createdAt !== repository.createdAt) {
        throw new AppError('conflict', `the repository ${now.name} is not the one that it was: try again`)
      }
      if (draft.task !== 'copy' && draft.upstream) await checkStillPublished(transaction, draft.upstream)
      const packageId = state?.id ?? (await addPackage(transaction, input))
      if (origin.contents) await indexContents(transaction, { ...draft, name }, origin.contents)
      const result = await insertPackageRevision(transaction, packageId, draft)
      await conflicts?.decide(transaction, result)
      await along(transaction, result)
      return { result, operations: [tagOperation(draft), ...(conflicts?.operations ?? [])] }
    })
  })
}

/** Throws `conflict` for a repository whose revisions come from elsewhere. */
function checkFilledByClients({ name, source }: Repository): void {
  if (!source) return
  throw new AppError(
    'conflict',
    `the repository ${name} is filled from ${source.url}: push a version there, and POST /api/v1/repositories/${name}/sync finds it. To make a package of your own from one of these, clone it into another repository.`,
  )
}

/** Throws `already_exists` unless workspace and version are free. */
async function checkFree(db: Db, state: PackageState | undefined, input: NewRevision): Promise<void> {
  const name = revisionName(input)
  if (state && (await workspaceTaken(db, state.id, input))) {
    throw new AppError(
      'already_exists',
      `${name} exists, or did: a workspace names one revision of a package for ever. Choose another workspace.`,
    )
  }
  await checkVersion(db, state, { name, workspace: input.workspace, version: input.version })
}

async function originOf(ctx: ServiceContext, input: NewRevision): Promise<Origin> {
  const { source } = input
  switch (source.task) {
    case 'init':
      return packed(ctx, input, initResources(input.package, source))
    case 'resources':
      return packed(ctx, input, source.resources)
    case 'copy':
      return copied(ctx, input, source.from)
    case 'clone':
      return cloned(ctx, input, source)
    case 'upgrade':
      return upgraded(ctx, input, source)
  }
}

/**
 * A copy has the same files, so the same layer, and the conflicts that are still open in them; what others found out
 * about the original is not known of it.
 */
async function copied(ctx: ServiceContext, input: NewRevision, from: string): Promise<Origin> {
  const original = await getRevision(ctx.db, from)
  if (ociRepository(original) !== ociRepository(input)) {
    throw new AppError(
      'invalid',
      `source.copy.from: ${from} is a revision of another package; a copy stays in its package. To base a package on another one, use source {"clone": …}.`,
    )
  }
  const conflicts = await listConflicts(ctx.db, from)
  const kept = conflicts.some(isOpen) ? ['Valid', 'Merged'] : ['Valid']
  return {
    ...original,
    layer: original.artifact,
    conditions: original.conditions.filter(({ type }) => kept.includes(type)),
    conflicts: conflicts.some(isOpen) ? conflicts : [],
  }
}

/** An upgrade goes on from the local revision, with the files that come of the merge. */
async function upgraded(ctx: ServiceContext, input: NewRevision, request: UpgradeRequest): Promise<Origin> {
  const upgrade = await mergeUpgrade(ctx, input, request)
  const { conditions, fileCount, layer, contents } = await packed(ctx, input, upgrade.resources)
  const { labels, annotations, readinessGates } = upgrade.local
  const conflicts = numbered(upgrade.conflicts)
  return {
    labels,
    annotations,
    readinessGates,
    upstream: upgrade.upstream,
    conditions: withCondition(conditions, mergedCondition(conflicts)),
    fileCount,
    layer,
    conflicts,
    contents,
  }
}

function newDraft(
  ctx: ServiceContext,
  actor: Actor,
  input: NewRevision,
  { type }: Repository,
  origin: Origin,
): UnpushedRevision {
  const now = ctx.now().toISOString()
  return {
    repository: input.repository,
    repositoryType: type,
    package: input.package,
    workspace: input.workspace,
    revision: 0,
    version: input.version,
    lifecycle: 'Draft',
    latest: false,
    latestBuild: false,
    task: input.source.task,
    upstream: origin.upstream,
    labels: input.labels ?? origin.labels,
    annotations: input.annotations ?? origin.annotations,
    readinessGates: input.readinessGates ?? origin.readinessGates,
    conditions: origin.conditions,
    fileCount: origin.fileCount,
    layer: origin.layer,
    createdBy: actor.name,
    createdAt: now,
    updatedAt: now,
    ...UNREVIEWED,
    publishedBy: null,
    publishedAt: null,
  }
}
