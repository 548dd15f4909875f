/** Grants: permissions in an area, as bindings give them and tokens limit them. */
import { covers, EVERYTHING, overlapOf, type Pattern, parsePattern } from './pattern.ts'
import { type Permission, REPOSITORY_PERMISSIONS, SERVER_PERMISSIONS } from './permission.ts'
import { permissionsOf, type Role } from './role.ts'

/** Where a permission holds: in repositories and packages, or for the server. */
export type Area = Pattern | 'server'

export type Grant = {
  permissions: ReadonlySet<Permission>
  area: Area
  /** What gives it: the id of a binding, or the reason why none is needed. */
  via: string
}

/** What a token may use of its owner's rights. */
export type TokenLimits = { permissions: ReadonlySet<Permission>; repositories: readonly Pattern[] }

/** The grants of a role. */
export function grantsOfRole(role: Role, repositories: readonly string[], via: string): Grant[] {
  const permissions = permissionsOf(role)
  const forServer = intersection(SERVER_PERMISSIONS, permissions)
  const inRepositories = intersection(REPOSITORY_PERMISSIONS, permissions)
  const areas = forServer.size > 0 ? [EVERYTHING] : repositories.map(parsePattern)
  return [
    { permissions: forServer, area: 'server' as const, via },
    ...areas.map((area) => ({ permissions: inRepositories, area, via })),
  ].filter((grant) => grant.permissions.size > 0)
}

/** A token that is limited to some repositories has no permissions of the server, which concern all of them. */
export function limited(grants: readonly Grant[], limits: TokenLimits): Grant[] {
  const everywhere = limits.repositories.some((pattern) => covers(pattern, EVERYTHING))
  return grants.flatMap(({ permissions, area, via }): Grant[] => {
    const left = intersection(permissions, limits.permissions)
    if (left.size === 0) return []
    if (area === 'server') return everywhere ? [{ permissions: left, area, via }] : []
    return limits.repositories
      .map((pattern) => overlapOf(area, pattern))
      .filter((overlap) => overlap !== undefined)
      .map((overlap) => ({ permissions: left, area: overlap, via }))
  })
}

/** The grant that gives a permission for a whole area. */
export function findGrant(grants: readonly Grant[], permission: Permission, area: Area): Grant | undefined {
  return grants.find((grant) => grant.permissions.has(permission) && coversArea(grant.area, area))
}

/** The first permission of `given` that a caller with `grants` does not have, so that the caller cannot give it. */
export function missingToGive(
  grants: readonly Grant[],
  given: readonly Grant[],
): { permission: Permission; area: Area } | undefined {
  for (const { permissions, area } of given) {
    for (const permission of permissions) {
      if (!findGrant(grants, permission, area)) return { permission, area }
    }
  }
  return undefined
}

function coversArea(outer: Area, inner: Area): boolean {
  if (outer === 'server' || inner === 'server') return outer === inner
  return covers(outer, inner)
}

function intersection(one: Iterable<Permission>, other: Iterable<Permission>): ReadonlySet<Permission> {
  return new Set(one).intersection(new Set(other))
}
