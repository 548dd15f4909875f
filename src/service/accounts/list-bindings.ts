import { listBindings as listRows } from '../../database/access/bindings.ts'
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
