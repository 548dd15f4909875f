/** What the audit log records of changes of accounts, tokens and bindings. Never a text or a hash of a token. */
import type { BindingContent } from '../../domain/access/binding.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { Token } from '../../domain/access/token.ts'
import type { AuditDetails, AuditEvent, AuditType } from '../../domain/audit/entry.ts'

type ServiceAccount = Pick<Principal, 'name' | 'scope' | 'disabled'>

/** `owner`: its name as an actor. */
export function tokenEvent(
  type: Extract<AuditType, `token.${string}`>,
  owner: string,
  token: Token,
  details: AuditDetails = {},
): AuditEvent {
  const { id, kind, permissions, repositories, expiresAt } = token
  return {
    type,
    target: { name: id },
    details: {
      owner,
      kind,
      permissions: permissions.join(','),
      repositories: repositories.join(','),
      until: expiresAt ?? null,
      ...details,
    },
  }
}

export function bindingEvent(
  type: Extract<AuditType, `binding.${string}`>,
  id: string,
  { subject, role, repositories }: BindingContent,
): AuditEvent {
  const name = 'name' in subject && subject.name !== undefined ? ` ${subject.name}` : ''
  return {
    type,
    target: { name: id },
    details: { subject: `${subject.kind}${name}`, role, repositories: repositories.join(',') },
  }
}

export function serviceAccountEvent(
  type: Extract<AuditType, `serviceaccount.${string}`>,
  { name, scope, disabled }: ServiceAccount,
): AuditEvent {
  return { type, target: { name }, details: { scope, enabled: !disabled } }
}
