import { AppError } from '../../core/errors.ts'
import { dropBindingsOf } from '../../database/access/bindings.ts'
import type { Transaction } from '../../database/connection.ts'
import { repositoryHasRevisions } from '../../database/package-revisions/of-repository.ts'
import { deleteRepository as deleteRow } from '../../database/repositories/repositories.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { bindingEvent } from '../accounts/change-events.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { removeDiscovered } from '../discovery/remove-discovered.ts'
import { decide } from '../intents.ts'
import { requireMirrorRights } from '../mirror-rights.ts'
import type { Precondition } from '../precondition.ts'
import { withRepository } from '../repository-record.ts'
import { disableWebhooksOf } from '../webhooks/webhooks.ts'

/**
 * Deletes a repository. Throws `in_use` while it holds revisions; discovered ones are deleted with it, unless they are
 * upstreams of others. Bindings to exactly this name are dropped, and webhooks of it disabled, as a later repository of the
 * name may be another team's.
 */
export async function deleteRepository(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  name: string,
  precondition: Precondition,
): Promise<void> {
  const visibility = await ctx.visibilityOf(actor)
  const forgetRights = async (transaction: Transaction) => {
    for (const binding of await dropBindingsOf(transaction, name)) {
      const type = binding.repositories.length === 0 ? 'binding.deleted' : 'binding.updated'
      await audit(ctx, transaction, actor, bindingEvent(type, binding.id, binding))
    }
    await disableWebhooksOf(ctx, transaction, actor, name)
  }
  const removeMirror = async (transaction: Transaction): Promise<void> => {
    requireMirrorRights(await ctx.policyOf(transaction), actor, name)
    await forgetRights(transaction)
  }
  await access.changing(() =>
    withRepository(ctx, actor, name, precondition, async ({ repository }) => {
      if (repository.source) return removeDiscovered(ctx, actor, repository, visibility, removeMirror)
      await decide(ctx, actor, name, async (transaction) => {
        await forgetRights(transaction)
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
    }),
  )
}
