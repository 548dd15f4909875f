import { isDeepStrictEqual } from 'node:util'
import { saveRepository } from '../database/repositories.ts'
import type { Repository } from '../package/repository.ts'
import { REPOSITORY_RECORD_TAG } from '../package/tags.ts'
import type { ServiceContext } from './context.ts'
import { decide, finishEarlier } from './intents.ts'
import { type LabelsPatch, mergeLabels } from './merge-patch.ts'
import { checkMetadata } from './metadata.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { getRepository, pushRepositoryRecord } from './repository-record.ts'

export type RepositoryPatch = { description?: string | null | undefined; labels?: LabelsPatch }

export async function updateRepository(
  ctx: ServiceContext,
  name: string,
  patch: RepositoryPatch,
  precondition: Precondition,
): Promise<Repository> {
  return ctx.locks.run(name, async () => {
    await finishEarlier(ctx, name)
    const { resourceVersion, ...current } = await getRepository(ctx.db, name)
    checkPrecondition(name, resourceVersion, precondition)
    const changed = {
      ...current,
      description: patch.description === undefined ? current.description : (patch.description ?? ''),
      labels: mergeLabels(current.labels, patch.labels),
    }
    checkMetadata(changed)
    if (isDeepStrictEqual(changed, current)) return { ...current, resourceVersion }
    const next = { ...changed, updatedAt: ctx.now().toISOString() }
    const { manifest } = await pushRepositoryRecord(ctx, next)
    return decide(ctx, name, async (transaction) => ({
      result: await saveRepository(transaction, next),
      operations: [{ do: 'tag', descriptor: manifest.descriptor, tags: [REPOSITORY_RECORD_TAG] }],
    }))
  })
}
