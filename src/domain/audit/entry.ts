/** Entries of the audit log: who did what, from where, and what it changed. */

/** Everything that is recorded. Closed, so that a filter can offer it. */
export const AUDIT_TYPES = [
  'repository.created',
  'repository.updated',
  'repository.deleted',
  'repository.sync_requested',
  'package.updated',
  'revision.created',
  'revision.edited',
  'revision.conflict_resolved',
  'revision.proposed',
  'revision.voted',
  'revision.bypassed',
  'revision.rejected',
  'revision.published',
  'revision.deletion_proposed',
  'revision.deletion_rejected',
  'revision.deleted',
  'review_policy.created',
  'review_policy.updated',
  'review_policy.deleted',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.disabled',
  'webhook.pinged',
  'webhook.redelivered',
  'job.started',
  'job.cancelled',
  'garbage.started',
  'garbage.collected',
  'backup.started',
  'token.created',
  'token.rotated',
  'token.revoked',
  'binding.created',
  'binding.updated',
  'binding.deleted',
  'serviceaccount.created',
  'serviceaccount.updated',
  'serviceaccount.deleted',
  'user.updated',
  'index.repaired',
  'index.rebuilt',
  'issuer.created',
  'issuer.updated',
  'issuer.deleted',
  'trust.created',
  'trust.deleted',
  'token.exchanged',
  'access.denied',
  'login.succeeded',
  'login.failed',
  'session.ended',
  'device_login.approved',
  'device_login.denied',
  'device_login.completed',
  'audit.read',
  'audit.exported',
  'audit.cut',
  'audit.heads_replaced',
] as const
export type AuditType = (typeof AUDIT_TYPES)[number]

export const AUDIT_OUTCOMES = ['success', 'denied', 'failed'] as const
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number]

export const PRINCIPAL_KINDS = ['anonymous', 'user', 'serviceaccount', 'system', 'root'] as const
export const VIA_KINDS = ['none', 'session', 'token', 'federated', 'basic', 'system', 'job'] as const

/** How a principal authenticated. Names credentials, and never contains them. */
export type Via = {
  kind: (typeof VIA_KINDS)[number]
  tokenId?: string | undefined
  issuer?: string | undefined
  subject?: string | undefined
  jti?: string | undefined
}

export type Principal = {
  /** null for a caller without an account. */
  id: string | null
  name: string
  kind: (typeof PRINCIPAL_KINDS)[number]
  /** The groups that gave the right. */
  groups?: readonly string[] | undefined
  via: Via
}

/** `name`: of what is neither a repository nor in one, like a webhook; the number of a job. */
export type AuditTarget = {
  repository?: string | undefined
  package?: string | undefined
  revision?: string | undefined
  name?: string | undefined
}

export type AuditState = {
  digest?: string | undefined
  lifecycle?: string | undefined
  version?: string | null | undefined
}

/** What a record may say beside its fields. A key that is not listed is left out, so that no secret comes in by mistake. */
export const DETAIL_KEYS = [
  'audiences',
  'blobs',
  'bytes',
  'conflict',
  'dryRun',
  'enabled',
  'event',
  'fields',
  'filter',
  'findings',
  'host',
  'issuer',
  'items',
  'job',
  'kind',
  'manifests',
  'missing',
  'number',
  'owner',
  'permissions',
  'policies',
  'records',
  'replacedBy',
  'repositories',
  'resolution',
  'revisions',
  'role',
  'scope',
  'severity',
  'source',
  'subject',
  'task',
  'throughHash',
  'throughSeq',
  'trust',
  'until',
  'upstream',
  'verdict',
] as const
export type AuditDetails = Partial<
  Record<(typeof DETAIL_KEYS)[number], string | number | boolean | null | undefined>
>

/** What a use case records. */
export type AuditEvent = {
  type: AuditType
  /** `success` by default. */
  outcome?: AuditOutcome
  /** The code of the error, unless it succeeded. */
  code?: string
  target?: AuditTarget
  before?: AuditState | undefined
  after?: AuditState | undefined
  reason?: string | null | undefined
  details?: AuditDetails
  /** How often it happened; 1 by default. */
  count?: number
}

/** A record before it has its place in the chain: plain JSON whose texts are clean and short. */
export type AuditEntry = {
  time: string
  type: AuditType
  outcome: AuditOutcome
  code: string | null
  count: number
  actor: { id: string | null; name: string; kind: Principal['kind']; groups: string[] }
  via: {
    kind: Via['kind']
    tokenId: string | null
    issuer: string | null
    subject: string | null
    jti: string | null
    job: string | null
  }
  /** `addressHash`: HMAC of the address, which is kept beside the record and for a shorter time. */
  source: { addressHash: string | null; userAgent: string | null }
  request: { id: string | null; method: string | null; route: string | null } | null
  target: { repository: string | null; package: string | null; revision: string | null; name: string | null }
  before: { digest: string | null; lifecycle: string | null; version: string | null } | null
  after: { digest: string | null; lifecycle: string | null; version: string | null } | null
  reason: string | null
  details: Record<string, string | number | boolean | null>
}

export type AuditRecord = AuditEntry & {
  seq: number
  prevHash: string
  hash: string
  /** The address that `addressHash` is of, for as long as it is kept. */
  source: { address: string | null }
}
