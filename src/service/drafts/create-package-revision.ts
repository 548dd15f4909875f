import { AppError } from '../../core/errors.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { listConflicts } from '../../database/package-revisions/conflicts.ts'
import { insertPackageRevision, workspaceTaken } from '../../database/package-revisions/package-revisions.ts'
import { addPackage, findPackage, type PackageState } from '../../database/repositories/packages.ts'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { AuditDetails } from '../../domain/audit/entry.ts'
import { type ReadinessGate, withCondition } from '../../domain/conditions.ts'
import { initManifest } from '../../domain/glasskube/init-manifest.ts'
import { initResources } from '../../domain/kpt/init-resources.ts'
import type { Labels } from '../../domain/labels.ts'
import { isPublished } from '../../domain/lifecycle.ts'
import { isOpen, mergedCondition, numbered } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type RevisionId, revisionIdProblem, revisionName } from '../../domain/names.ts'
import { type NewFiles, plainFiles } from '../../domain/package-files.ts'
import { type PackageRevision, UNREVIEWED } from '../../domain/package-revision.ts'
import type { Repository, RepositoryFormat } from '../../domain/repository.ts'
import type { Actor } from '../access/actor.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { recordCreator } from '../authors.ts'
import { getRevision, pushRevision, tagOperation, type UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { checkNoForeignTags } from '../foreign-tags.ts'
import { decide, finishEarlier } from '../intents.ts'
import { checkMetadata } from '../metadata.ts'
import { getRepository } from '../repository-record.ts'
import { checkVersion } from '../version-rules.ts'
import { checkNewPackage, cloneContent } from './clone.ts'
import { type DraftContent, packContent, pushContent } from './draft-content.ts'
import { recordConflicts } from './record-conflicts.ts'
import { mergeUpgrade, type UpgradeRequest } from './upgrade.ts'
import { checkStillPublished, type UpstreamReference } from './upstream-reference.ts'

export type Source =
  | { task: 'init'; description?: string | undefined }
  | { task: 'resources'; files: NewFiles }
  | { task: 'copy'; from: string }
  | { task: 'clone'; upstream: UpstreamReference; setters?: Labels | undefined }
  | ({ task: 'upgrade' } & UpgradeRequest)

export type NewRevision = RevisionId & {
  version: string | null
  /** undefined: as in the source. */
  labels?: Labels | undefined
  annotations?: Labels | undefined
  readinessGates?: readonly ReadinessGate[] | undefined
  source: Source
}

/** Creates a Draft. Throws `not_found`, `already_exists`, `conflict`, `invalid` and `too_large`. */
export async function createPackageRevision(
  ctx: ServiceContext,
  actor: Actor,
  input: NewRevision,
  /** Runs in the transaction that creates the draft, so both happen or neither. */
  inTransaction: (transaction: Transaction, draft: PackageRevision) => Promise<void> = async () => undefined,
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
    checkName(repository, input)
    const state = await findPackage(ctx.db, input)
    const visibility = await ctx.visibilityOf(actor)
    if (input.source.task === 'clone') await checkNewPackage(ctx.db, visibility, input)
    await checkFree(ctx.db, visibility, state, input)
    const content = await contentOf(ctx, repository, input, visibility)
    const draft = await pushRevision(ctx, newDraft(ctx, actor, input, repository, content))
    const conflicts = content.conflicts?.length
      ? await recordConflicts(ctx, input, content.conflicts)
      : undefined
    // After the push, which waits for any tag in flight that was admitted before the repository existed.
    if (!state) await checkNoForeignTags(ctx, target)
    return decide(ctx, actor, target, async (transaction) => {
      const now = await getRepository(transaction, input.repository)
      if (now.createdAt !== repository.createdAt) {
        throw new AppError(
          'conflict',
          `the repository ${now.name} was deleted and created again meanwhile: try again`,
        )
      }
      if (draft.task !== 'copy' && draft.upstream) await checkStillPublished(transaction, draft.upstream)
      const packageId = state?.id ?? (await addPackage(transaction, input))
      if (content.contents) await indexContents(transaction, { ...draft, name }, content.contents)
      const result = await insertPackageRevision(transaction, packageId, draft)
      await conflicts?.decide(transaction, result)
      await recordCreator(transaction, actor, name, content.continues?.name)
      await inTransaction(transaction, result)
      return {
        result,
        operations: [tagOperation(draft), ...(conflicts?.operations ?? [])],
        event: revisionEvent({ type: 'revision.created', details: originOf(result) }, undefined, result),
      }
    })
  })
}

function originOf({ task, upstream }: PackageRevision): AuditDetails {
  return { task, upstream: upstream?.name }
}

/** Throws `conflict` for a repository that is filled from a source. */
function checkFilledByClients({ name, source }: Repository): void {
  if (!source) return
  throw new AppError(
    'conflict',
    `the repository ${name} is filled from ${source.url}: push new versions there. To change one of its packages, clone it into another repository.`,
    { remedy: { do: 'sync_repository', repository: name } },
  )
}

/** Throws `invalid` for a package with a path, which Glasskube's clients cannot ask for. */
function checkName({ name, format }: Repository, { package: path }: NewRevision): void {
  if (format === 'krm' || !path.includes('/')) return
  throw new AppError('invalid', `${name} is a Glasskube repository, where the name of a package has no "/"`)
}

/** Throws `already_exists` if workspace or version are taken. */
async function checkFree(
  db: Reader,
  visibility: Visibility,
  state: PackageState | undefined,
  input: NewRevision,
): Promise<void> {
  const name = revisionName(input)
  if (state && (await workspaceTaken(db, state.id, input))) {
    throw new AppError(
      'already_exists',
      `${name} exists, or existed before: a workspace is used only once in a package. Choose another workspace.`,
    )
  }
  await checkVersion(db, visibility, state, { ...input, name })
}

const INIT = { krm: initResources, glasskube: initManifest } satisfies Record<RepositoryFormat, unknown>

async function contentOf(
  ctx: ServiceContext,
  { format }: Repository,
  input: NewRevision,
  visibility: Visibility,
): Promise<DraftContent> {
  const { source } = input
  switch (source.task) {
    case 'init':
      return packContent(ctx, input, plainFiles(INIT[format](input.package, source)))
    case 'resources':
      return packContent(ctx, input, source.files)
    case 'copy':
      return copyContent(ctx, input, source.from)
    case 'clone':
      return cloneContent(ctx, input, source, visibility)
    case 'upgrade':
      return upgradeContent(ctx, input, source, visibility)
  }
}

/**
 * A copy shares the layer of the original, and keeps its conflicts while some are open. Conditions that clients set
 * describe the original, so they are not copied.
 */
async function copyContent(ctx: ServiceContext, input: NewRevision, from: string): Promise<DraftContent> {
  const original = await getRevision(ctx.db, from)
  if (ociRepository(original) !== ociRepository(input)) {
    throw new AppError(
      'invalid',
      `${from} is a revision of another package, and a copy stays in its package: clone it instead`,
      { remedy: { do: 'clone_package', upstream: from } },
    )
  }
  const conflicts = await listConflicts(ctx.db, from)
  const kept = conflicts.some(isOpen) ? ['Valid', 'Merged'] : ['Valid']
  return {
    ...original,
    ...continued(original),
    layer: original.artifact,
    conditions: original.conditions.filter(({ type }) => kept.includes(type)),
    conflicts: conflicts.some(isOpen) ? conflicts : [],
  }
}

/** An upgrade keeps the metadata of the local revision, and has the merged files. */
async function upgradeContent(
  ctx: ServiceContext,
  input: NewRevision,
  request: UpgradeRequest,
  visibility: Visibility,
): Promise<DraftContent> {
  const upgrade = await mergeUpgrade(ctx, 'upgrade', visibility, input, request)
  const { conditions, fileCount, layer, contents } = await pushContent(ctx, input, upgrade.files)
  const { labels, annotations, readinessGates } = upgrade.local
  const conflicts = numbered(upgrade.conflicts)
  return {
    labels,
    annotations,
    readinessGates,
    ...continued(upgrade.local),
    upstream: upgrade.upstream,
    conditions: withCondition(conditions, mergedCondition(conflicts)),
    fileCount,
    layer,
    conflicts,
    contents,
  }
}

/** What is published was reviewed, so its authors are no authors of the next draft. */
function continued(revision: PackageRevision): Pick<DraftContent, 'continues'> {
  return isPublished(revision.lifecycle) ? {} : { continues: revision }
}

function newDraft(
  ctx: ServiceContext,
  actor: Actor,
  input: NewRevision,
  { type }: Repository,
  content: DraftContent,
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
    upstream: content.upstream,
    labels: input.labels ?? content.labels,
    annotations: input.annotations ?? content.annotations,
    readinessGates: input.readinessGates ?? content.readinessGates,
    conditions: content.conditions,
    fileCount: content.fileCount,
    layer: content.layer,
    createdBy: actor.name,
    createdAt: now,
    updatedAt: now,
    ...UNREVIEWED,
    publishedBy: null,
    publishedAt: null,
  }
}
