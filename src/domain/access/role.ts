import { type Permission, REPOSITORY_PERMISSIONS, SERVER_PERMISSIONS } from './permission.ts'

const AUTHOR = ['read', 'draft.read', 'draft', 'propose'] as const
const REVIEWER = ['read', 'draft.read', 'review'] as const
const PUBLISHER = ['read', 'draft.read', 'publish', 'attach', 'push'] as const

/** Roles that are bound to patterns of repositories. */
const REPOSITORY_ROLES = {
  reader: ['read'],
  author: AUTHOR,
  reviewer: REVIEWER,
  publisher: PUBLISHER,
  maintainer: [...new Set([...AUTHOR, ...REVIEWER, ...PUBLISHER, 'delete' as const])],
  'repository-admin': REPOSITORY_PERMISSIONS,
} as const satisfies Record<string, readonly Permission[]>

/** Roles of the whole server. All but `admin` see no content. */
const SERVER_ROLES = {
  auditor: ['server.audit'],
  operator: ['server.operate'],
  admin: [...SERVER_PERMISSIONS, ...REPOSITORY_PERMISSIONS],
} as const satisfies Record<string, readonly Permission[]>

type ServerRole = keyof typeof SERVER_ROLES
export type Role = keyof typeof REPOSITORY_ROLES | ServerRole

const ROLE_PERMISSIONS: Record<Role, readonly Permission[]> = { ...REPOSITORY_ROLES, ...SERVER_ROLES }

export const ROLES = Object.keys(ROLE_PERMISSIONS) as [Role, ...Role[]]

export function isServerRole(role: Role): role is ServerRole {
  return Object.hasOwn(SERVER_ROLES, role)
}

export function permissionsOf(role: Role): readonly Permission[] {
  return ROLE_PERMISSIONS[role]
}
