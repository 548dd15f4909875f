/** What a caller may do in the registry, in the words of registry tokens. https://distribution.github.io/distribution/spec/auth/scope/ */
import type { Permission } from '../../domain/access/permission.ts'
import type { Actor } from './actor.ts'
import { can, type Policy, type Target } from './policy.ts'
import type { RepositoryIds } from './repository-ids.ts'

/** Actions on a resource: pull, push and delete on an OCI repository, or `*` on the catalog. */
export type ResourceActions = { type: string; name: string; actions: readonly string[] }

/** Actions that a token was given for. `id`: that of the repository at that time. */
export type GrantedActions = ResourceActions & { id?: string | undefined }

export const CATALOG: ResourceActions = { type: 'registry', name: 'catalog', actions: ['*'] }

/** Each action with the permissions of which it needs one; what exactly is decided with each request. */
const NEEDED = {
  pull: ['read'],
  push: ['push', 'attach'],
  delete: ['delete'],
} as const satisfies Record<string, readonly Permission[]>

type Action = keyof typeof NEEDED

const ACTIONS = Object.keys(NEEDED) as Action[]

/** Resolves to what is both wanted and allowed. */
export async function grantedActions(
  policy: Policy,
  actor: Actor,
  ids: RepositoryIds,
  wanted: readonly ResourceActions[],
): Promise<GrantedActions[]> {
  const granted: GrantedActions[] = []
  for (const { type, name, actions } of wanted) {
    // Each caller may list what it may read.
    if (type === CATALOG.type && name === CATALOG.name && actions.includes('*')) granted.push(CATALOG)
    if (type !== 'repository') continue
    const allowed = ACTIONS.filter((action) => actions.includes(action) || actions.includes('*')).filter(
      (action) => NEEDED[action].some((permission) => can(policy, actor, permission, targetOf(name)).allowed),
    )
    if (allowed.length > 0) granted.push({ type, name, actions: allowed, id: await ids.of(name) })
  }
  return granted
}

/** Whether what was granted has all actions on a resource, which is the same as then. */
export async function hasActions(
  granted: readonly GrantedActions[],
  ids: RepositoryIds,
  { type, name, actions }: ResourceActions,
): Promise<boolean> {
  const found = granted.find((each) => each.type === type && each.name === name)
  if (!found || !actions.every((action) => found.actions.includes(action))) return false
  return type !== 'repository' || found.id === (await ids.of(name))
}

function targetOf(ociRepository: string): Target {
  const [repository = '', ...path] = ociRepository.split('/')
  return { repository, package: path.length === 0 ? undefined : path.join('/') }
}
