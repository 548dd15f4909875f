import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../core/errors.ts'
import { saveRepository } from '../../database/repositories/repositories.ts'
import type { Repository } from '../../domain/repository.ts'
import type { RepositorySource } from '../../domain/repository-source.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { type LabelsPatch, mergeLabels } from '../merge-patch.ts'
import { checkMetadata } from '../metadata.ts'
import { requireMirrorRights } from '../mirror-rights.ts'
import type { Precondition } from '../precondition.ts'
import { pushRepositoryRecord, withRepository } from '../repository-record.ts'

export type RepositoryPatch = {
  description?: string | null | undefined
  labels?: LabelsPatch
  source?: Partial<RepositorySource> | undefined
}

export async function updateRepository(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  patch: RepositoryPatch,
  precondition: Precondition,
): Promise<Repository> {
  return withRepository(ctx, actor, name, precondition, async ({ repository }) => {
    const { resourceVersion, ...current } = repository
    const changed = {
      ...current,
      description: patch.description === undefined ? current.description : (patch.description ?? ''),
      labels: mergeLabels(current.labels, patch.labels),
      ...(patch.source && { source: changedSource(current, patch.source) }),
    }
    checkMetadata(changed)
    if (isDeepStrictEqual(changed, current)) return { ...current, resourceVersion }
    const next = { ...changed, updatedAt: ctx.now().toISOString() }
    const { manifest } = await pushRepositoryRecord(ctx, next)
    const fields = Object.keys(changed).filter(
      (key) => !isDeepStrictEqual(changed[key as keyof typeof changed], current[key as keyof typeof changed]),
    )
    return decide(ctx, actor, name, async (transaction) => {
      if (fields.includes('source')) requireMirrorRights(await ctx.policyOf(transaction), actor, name)
      return {
        result: await saveRepository(transaction, next),
        operations: [{ do: 'tag', descriptor: manifest.descriptor, tags: [REPOSITORY_RECORD_TAG] }],
        event: {
          type: 'repository.updated',
          target: { repository: name },
          details: { fields: fields.join(',') },
        },
      }
    })
  })
}

/** Throws `invalid` for another source, or for a source of a repository that was created without one. */
function changedSource(
  { name, source }: Pick<Repository, 'name' | 'source'>,
  { url, packages, prereleases, interval }: Partial<RepositorySource>,
): RepositorySource {
  if (source && (url === undefined || url === source.url)) {
    return {
      format: source.format,
      url: source.url,
      packages: packages === undefined ? source.packages : packages,
      prereleases: prereleases ?? source.prereleases,
      interval: interval ?? source.interval,
    }
  }
  throw new AppError(
    'invalid',
    source
      ? `the source of ${name} is ${source.url} and cannot change: create another repository`
      : `${name} has no source and cannot get one: create another repository`,
  )
}
