/** Makes a published revision of an artifact that was found elsewhere. */
import type { ForeignPackage } from '../../artifact/foreign-artifact.ts'
import { AppError } from '../../core/errors.ts'
import { indexContents } from '../../database/contents/contents.ts'
import {
  insertPackageRevision,
  moveMark,
  workspaceTaken,
} from '../../database/package-revisions/package-revisions.ts'
import { saveDiscoveredTag } from '../../database/repositories/discovered-tags.ts'
import {
  addPackage,
  findPackage,
  type PackageState,
  recordPublication,
} from '../../database/repositories/packages.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, type PackageId, revisionIdProblem } from '../../domain/names.ts'
import type { NewPackageRevision, PackageRevision } from '../../domain/package-revision.ts'
import type { Repository } from '../../domain/repository.ts'
import { ORIGIN } from '../../domain/repository-source.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import { type VersionTag, workspaceOf } from '../../domain/version-tag.ts'
import { newArtifact, pushRevision, tagOperation } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { checkNoForeignTags } from '../foreign-tags.ts'
import { decide, finishEarlier } from '../intents.ts'
import { pushLayer } from '../registry-content.ts'
import { getRepository } from '../repository-record.ts'
import { holdersWithout, isHigherBuild } from '../review/moving-tags.ts'
import type { PackedResources } from '../threads/pack-resources.ts'

export type Discovered = VersionTag & {
  package: string
  /** Where it was, with host and tag. */
  reference: string
  digest: string
  foreign: ForeignPackage
  prepared: PackedResources
}

/** Who publishes what others have pushed. */
const DISCOVERY = 'discovery'

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const STANDARD = [
  'authors',
  'created',
  'description',
  'documentation',
  'licenses',
  'revision',
  'source',
  'title',
  'url',
  'vendor',
  'version',
].map((name) => `org.opencontainers.image.${name}`)
/** What is longer is no short description of anything. */
const MAX_ANNOTATION = 1024

/**
 * Publishes it as the next revision of its package, and records in the same transaction which tag it was: it is there
 * once, whenever the process ends.
 */
export async function publishDiscovered(
  ctx: ServiceContext,
  repository: Repository,
  found: Discovered,
): Promise<PackageRevision> {
  const id = { repository: repository.name, package: found.package }
  const target = ociRepository(id)
  return ctx.locks.run(target, async () => {
    await finishEarlier(ctx, target)
    const state = await findPackage(ctx.db, id)
    if (state?.versioned === false) {
      throw new AppError(
        'conflict',
        `earlier published revisions of ${target} declare no versions, so new ones cannot: choose another name for the repository`,
      )
    }
    const name = await freeWorkspace(ctx, state, id, found.version.text)
    await pushLayer(ctx, target, found.prepared.packed)
    if (!state) await checkNoForeignTags(ctx, target)
    const named = { name: '', version: found.version.text }
    const holders = state
      ? await holdersWithout(ctx.db, state.id, named)
      : { latest: undefined, latestBuild: undefined }
    const latestBuild = isHigherBuild(found.version.text, holders.latestBuild)
    const revision = (state?.highestRevision ?? 0) + 1
    const next = { ...newRevision(ctx, id, found), workspace: name, revision, latestBuild }
    const published = await pushRevision(ctx, next, next.artifact)
    return decide(ctx, target, async (transaction) => {
      const now = await getRepository(transaction, repository.name)
      if (now.createdAt !== repository.createdAt) throw gone(repository)
      const packageId = state?.id ?? (await addPackage(transaction, id))
      await recordPublication(transaction, packageId, { revision, versioned: true })
      await moveMark(transaction, 'latest', holders.latest?.name, undefined)
      if (latestBuild) await moveMark(transaction, 'latest_build', holders.latestBuild?.name, undefined)
      const result = await insertPackageRevision(transaction, packageId, published)
      await indexContents(transaction, result, found.prepared.contents)
      const { tag, digest } = found
      const checkedAt = published.createdAt
      await saveDiscoveredTag(transaction, {
        ...id,
        tag,
        digest,
        revision: result.name,
        problem: null,
        checkedAt,
      })
      return { result, operations: [tagOperation(published)] }
    })
  })
}

/** Versions may come to the same label, and a repository that is made again has used up those of before. */
async function freeWorkspace(
  ctx: ServiceContext,
  state: PackageState | undefined,
  id: PackageId,
  version: string,
): Promise<string> {
  const first = workspaceOf(version)
  for (let number = 1; ; number++) {
    const workspace = number === 1 ? first : `${first}-${number}`
    const tooLong = revisionIdProblem({ ...id, workspace })
    if (tooLong) throw new AppError('invalid', tooLong)
    if (!state || !(await workspaceTaken(ctx.db, state.id, { ...id, workspace }))) return workspace
  }
}

function newRevision(
  ctx: ServiceContext,
  id: PackageId,
  { version, foreign, prepared, ...found }: Discovered,
): Omit<NewPackageRevision, 'workspace' | 'revision' | 'latestBuild'> {
  const now = ctx.now().toISOString()
  return {
    ...id,
    repositoryType: 'catalog',
    version: version.text,
    lifecycle: 'Published',
    latest: true,
    task: 'discover',
    upstream: null,
    labels: {},
    annotations: {
      ...standardAnnotations(foreign.annotations),
      [ORIGIN.reference]: found.reference,
      [ORIGIN.digest]: found.digest,
    },
    readinessGates: [],
    conditions: [validCondition(prepared.findings)],
    fileCount: foreign.resources.size,
    artifact: newArtifact(prepared.packed),
    createdBy: DISCOVERY,
    createdAt: now,
    updatedAt: now,
    proposedBy: null,
    proposedAt: null,
    publishedBy: DISCOVERY,
    publishedAt: now,
  }
}

/** What its author says of it, in words that all know. */
function standardAnnotations(annotations: Labels): Labels {
  const kept = Object.entries(annotations).filter(
    ([key, value]) => STANDARD.includes(key) && value.length <= MAX_ANNOTATION && value.isWellFormed(),
  )
  return Object.fromEntries(kept)
}

function gone({ name }: Repository): AppError {
  return new AppError('conflict', `the repository ${name} was deleted and created again meanwhile`)
}
