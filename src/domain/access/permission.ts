/** What a caller may be allowed to do. Each operation needs one of these permissions. */

/** Permissions within repositories, or packages of them. */
export const REPOSITORY_PERMISSIONS = [
  /** Reads what is published. */
  'read',
  'draft.read',
  /** Creates, edits and deletes drafts. */
  'draft',
  'propose',
  /** Approves and rejects, deletions too. */
  'review',
  /** Makes revisions public once the review policy is met, and syncs sources. */
  'publish',
  /** Pushes signatures and other artifacts that refer to a revision. */
  'attach',
  /** Pushes other content, beside the lifecycle of packages. */
  'push',
  'delete',
  /** Changes bindings, review policies, webhooks, service accounts, and the repository itself. */
  'admin',
] as const

/** Permissions of the server as a whole. */
export const SERVER_PERMISSIONS = [
  /** Reads the audit log and all bindings, policies and accounts. */
  'server.audit',
  /** Collects garbage, verifies, makes backups, reads metrics. */
  'server.operate',
  /** Changes users, identity providers and the bindings of server roles. */
  'server.admin',
] as const

/** `tokens`: makes tokens for the caller's own account. All accounts have it, but a token only if it was given. */
export const PERMISSIONS = [...REPOSITORY_PERMISSIONS, ...SERVER_PERMISSIONS, 'tokens'] as const

export type Permission = (typeof PERMISSIONS)[number]

/** Those of a token that was created without any: it can neither grant rights nor approve. */
export const DEFAULT_TOKEN_PERMISSIONS: readonly Permission[] = PERMISSIONS.filter(
  (permission) => !['review', 'admin', 'server.admin', 'tokens'].includes(permission),
)

export function isPermission(text: string): text is Permission {
  return PERMISSIONS.some((permission) => permission === text)
}

/** Adds `read`, without which no other permission in a repository is of use, and `draft.read` to those for drafts. */
export function withRead(permissions: readonly Permission[]): Permission[] {
  const hasOneOf = (some: readonly Permission[]) =>
    some.some((permission) => permissions.includes(permission))
  return [
    ...new Set<Permission>([
      ...(hasOneOf(REPOSITORY_PERMISSIONS) ? (['read'] as const) : []),
      ...(hasOneOf(['draft', 'propose', 'review']) ? (['draft.read'] as const) : []),
      ...permissions,
    ]),
  ]
}
