/** The tables of accounts and rights. JSON is text; booleans are 0 and 1. */
import type { Generated } from 'kysely'
import type { Subject } from '../../domain/access/binding.ts'
import type { DeviceLogin } from '../../domain/access/device-login.ts'
import type { PrincipalKind } from '../../domain/access/principal.ts'
import type { TokenKind } from '../../domain/access/token.ts'
import type { IssuerKind } from '../../domain/federation/issuer.ts'

export type PrincipalsTable = {
  id: string
  kind: PrincipalKind
  name: string
  display_name: string
  scope: string | null
  owner_id: string | null
  disabled: Generated<number>
  groups_at: string | null
  created_by: string
  created_at: string
  updated_at: string
  resource_version: number
}

type IdentitiesTable = {
  issuer: string
  subject: string
  principal_id: string
  created_at: string
  last_login_at: string
}

type PrincipalGroupsTable = { principal_id: string; name: string }

export type TokensTable = {
  id: string
  kind: TokenKind
  principal_id: string
  name: string
  hash: string
  permissions: string
  repositories: string
  created_by: string
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  last_used_address: string | null
  revoked_at: string | null
  revoked_by: string | null
  revoked_reason: string | null
  replaced_by: string | null
  parent_id: string | null
  trust_id: string | null
  identity: string | null
}

type BindingsTable = {
  id: string
  subject_kind: Subject['kind']
  principal_id: string | null
  group_name: string | null
  role: string
  repositories: string
  created_by: string
  created_at: string
}

export type IssuersTable = {
  id: string
  name: string
  issuer: string
  kind: IssuerKind
  jwks_uri: string | null
  jwks: string | null
  ca_certificate: string | null
  internal: number
  created_by: string
  created_at: string
  updated_at: string
  resource_version: number
}

export type TrustsTable = {
  id: string
  principal_id: string
  issuer_id: string
  audiences: string
  claims: string
  permissions: string
  repositories: string
  created_by: string
  created_at: string
}

type PresentedTokensTable = {
  issuer_id: string
  key: string
  digest: string
  token_id: string | null
  expires_at: string
}

export type SessionsTable = {
  id: string
  hash: string
  principal_id: string
  address: string | null
  user_agent: string | null
  created_at: string
  last_used_at: string
  expires_at: string
}

export type DeviceLoginsTable = {
  id: string
  hash: string
  user_code: string
  client: string
  address: string | null
  permissions: string
  created_at: string
  expires_at: string
  state: DeviceLogin['state']
  principal_id: string | null
}

export type AccessTables = {
  principals: PrincipalsTable
  identities: IdentitiesTable
  principal_groups: PrincipalGroupsTable
  tokens: TokensTable
  bindings: BindingsTable
  issuers: IssuersTable
  trusts: TrustsTable
  presented_tokens: PresentedTokensTable
  sessions: SessionsTable
  device_logins: DeviceLoginsTable
}
