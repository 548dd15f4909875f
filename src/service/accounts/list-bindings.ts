import { AppError } from '../../core/errors.ts'
import { findBinding, listBindings as listRows } from '../../database/access/bindings.ts'
import type { Binding } from '../../domain/access/binding.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { seesBinding } from './binding-rights.ts'

/** Lists the bindings that the actor may know of, oldest first. */
export async function listBindings(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  request: PageRequest,
): Promise<Page<Binding>> {
  const policy = await access.policy()
  return page<Binding, string>(ctx, { list: 'bindings', for: actor.name }, request, {
    fetch: async (after, limit) => {
      const rows = await listRows(ctx.db, { after, limit })
      const items = rows.filter((binding) => seesBinding(policy, actor, binding))
      const last = rows.at(-1)
      return rows.length === limit && last ? { items, lookedTo: last.id } : { items }
    },
    cursorAt: ({ id }) => id,
  })
}

/** Throws `not_found` for a binding that does not exist, or that the actor may not know of. */
export async function getBinding(access: AccessControl, actor: Actor, id: string): Promise<Binding> {
  const binding = await findBinding(access.ctx.db, id)
  if (binding && seesBinding(await access.policy(), actor, binding)) return binding
  throw new AppError('not_found', `there is no binding ${id}`)
}
