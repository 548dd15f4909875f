import { AppError } from '../../core/errors.ts'
import { repositoryHasRevisions } from '../../database/package-revisions/of-repository.ts'
import { deleteRepository as deleteRow } from '../../database/repositories/repositories.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { removeDiscovered } from '../discovery/remove-discovered.ts'
import { decide } from '../intents.ts'
import type { Precondition } from '../precondition.ts'
import { withRepository } from '../repository-record.ts'

/**
 * Deletes a repository. Throws `in_use` while it holds revisions; discovered ones are deleted with it, unless they are
 * upstreams of others.
 */
export async function deleteRepository(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await withRepository(ctx, name, precondition, async (current) => {
    if (current.source) return removeDiscovered(ctx, actor, current)
    await decide(ctx, actor, name, async (transaction) => {
      if (await repositoryHasRevisions(transaction, name)) {
        throw new AppError('in_use', `the repository ${name} holds package revisions: delete those first`, {
          remedy: { do: 'list_revisions', repository: name },
        })
      }
      await deleteRow(transaction, name)
      return {
        result: undefined,
        operations: [{ do: 'delete-tagged', tag: REPOSITORY_RECORD_TAG }],
        event: { type: 'repository.deleted', target: { repository: name } },
      }
    })
  })
}
