import { AppError } from '../../core/errors.ts'
import { repositoryHasRevisions } from '../../database/package-revisions/of-repository.ts'
import { deleteRepository as deleteRow } from '../../database/repositories/repositories.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { ServiceContext } from '../context.ts'
import { removeDiscovered } from '../discovery/remove-discovered.ts'
import { decide, finishEarlier } from '../intents.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { getRepository } from '../repository-record.ts'

/**
 * Throws `in_use` while the repository holds revisions. Those that were found elsewhere go with it, unless others are
 * based on them.
 */
export async function deleteRepository(
  ctx: ServiceContext,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await ctx.locks.run(name, async () => {
    await finishEarlier(ctx, name)
    const current = await getRepository(ctx.db, name)
    checkPrecondition(name, current.resourceVersion, precondition)
    if (current.source) return removeDiscovered(ctx, current)
    await decide(ctx, name, async (transaction) => {
      if (await repositoryHasRevisions(transaction, name)) {
        throw new AppError(
          'in_use',
          `the repository ${name} holds package revisions: delete those first (GET /api/v1/packagerevisions?repository=${name} lists them)`,
        )
      }
      await deleteRow(transaction, name)
      return { result: undefined, operations: [{ do: 'delete-tagged', tag: REPOSITORY_RECORD_TAG }] }
    })
  })
}
