/** Makes a published revision of an artifact that was found in a source. */
import { layerReference } from '../../artifact/package-manifest.ts'
import { AppError } from '../../core/errors.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { workspaceTaken } from '../../database/package-revisions/package-revisions.ts'
import { saveDiscoveredTag } from '../../database/repositories/discovered-tags.ts'
import { findPackage, type PackageState } from '../../database/repositories/packages.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, type PackageId, type RevisionId, revisionIdProblem } from '../../domain/names.ts'
import { type PackageRevision, UNREVIEWED } from '../../domain/package-revision.ts'
import type { Repository } from '../../domain/repository.ts'
import { ORIGIN } from '../../domain/repository-source.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import { type VersionTag, workspaceOf } from '../../domain/version-tag.ts'
import type { Annotations } from '../../oci/descriptor.ts'
import type { Acting } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { checkNoForeignTags } from '../foreign-tags.ts'
import { finishEarlier } from '../intents.ts'
import { pushLayer } from '../registry-content.ts'
import { getRepository } from '../repository-record.ts'
import { type Publication, publish } from '../review/publish.ts'
import type { PackedResources } from '../workers/pack-resources.ts'

export type Discovered = VersionTag & {
  package: string
  /** With host and tag. */
  reference: string
  digest: string
  annotations: Annotations
  prepared: PackedResources
}

/** The actor of what discovery does. */
export const DISCOVERY = {
  name: 'discovery',
  kind: 'system',
  via: { kind: 'system' },
} as const satisfies Acting

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const STANDARD_ANNOTATIONS = [
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
/** Longer texts are no short descriptions. */
const MAX_ANNOTATION_LENGTH = 1024

/**
 * Publishes an artifact as the next revision of its package, and records its tag in the same transaction: after a crash
 * it is not published again.
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
    const workspace = await freeWorkspace(ctx, state, id, found.version.text)
    await pushLayer(ctx, target, found.prepared.packed)
    if (!state) await checkNoForeignTags(ctx, target)
    const now = ctx.now().toISOString()
    return publish(ctx, {
      package: state,
      revision: newRevision({ ...id, workspace }, found, now),
      actor: DISCOVERY,
      at: now,
      check: async (transaction) => {
        const { createdAt } = await getRepository(transaction, repository.name)
        if (createdAt !== repository.createdAt) throw gone(repository)
      },
      inTransaction: async (transaction, published) => {
        await indexContents(transaction, published, found.prepared.contents)
        const { tag, digest } = found
        const known = { digest, revision: published.name, problem: null, checkedAt: now }
        await saveDiscoveredTag(transaction, { ...id, tag, ...known })
      },
    })
  })
}

/** Several versions can give the same label, and those of a deleted repository stay used up. */
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
  id: RevisionId,
  { version, annotations, prepared, ...found }: Discovered,
  now: string,
): Publication['revision'] {
  return {
    ...id,
    repositoryType: 'catalog',
    version: version.text,
    task: 'discover',
    upstream: null,
    labels: {},
    annotations: {
      ...standardAnnotations(annotations),
      [ORIGIN.reference]: found.reference,
      [ORIGIN.digest]: found.digest,
    },
    readinessGates: [],
    conditions: [validCondition(prepared.findings)],
    fileCount: prepared.fileCount,
    layer: layerReference(prepared.packed),
    createdBy: DISCOVERY.name,
    createdAt: now,
    ...UNREVIEWED,
  }
}

/** The standard annotations of the artifact. */
function standardAnnotations(annotations: Labels): Labels {
  const kept = Object.entries(annotations).filter(
    ([key, value]) =>
      STANDARD_ANNOTATIONS.includes(key) && value.length <= MAX_ANNOTATION_LENGTH && value.isWellFormed(),
  )
  return Object.fromEntries(kept)
}

function gone({ name }: Repository): AppError {
  return new AppError('conflict', `the repository ${name} was deleted and created again meanwhile`)
}
