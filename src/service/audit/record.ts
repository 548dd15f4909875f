/** Records changes in the audit log. */
import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { currentClient } from '../../core/client.ts'
import { currentOrigin } from '../../core/origin.ts'
import { appendAudit } from '../../database/audit/append.ts'
import { foldDenial } from '../../database/audit/denials.ts'
import type { Transaction } from '../../database/connection.ts'
import { auditEntry, clean } from '../../domain/audit/clean.ts'
import type { AuditEntry, AuditEvent, Principal, Via } from '../../domain/audit/entry.ts'
import { type Actor, isPrincipal, type PrincipalActor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'

/** A caller, with as much as is known of it. */
export type Acting = Actor & Partial<Omit<Principal, 'name'>>

/** The server itself, in what it does by its schedule. */
export const SERVER = { name: 'server', kind: 'system', via: { kind: 'system' } } as const satisfies Acting

/** Who runs a command on a data folder, as its owner. */
export const COMMAND_LINE = {
  name: 'command line',
  kind: 'system',
  via: { kind: 'system' },
} as const satisfies Acting

/** The setting with the key of the hashes of addresses. */
export const ADDRESS_KEY = 'audit-address'

export type Auditing = Pick<ServiceContext, 'now' | 'addressKey'>

/** Records an event in the transaction that makes the change: both are committed or neither. */
export async function audit(
  ctx: Auditing,
  transaction: Transaction,
  actor: Acting,
  event: AuditEvent,
): Promise<void> {
  const { entry, address } = entryOf(ctx, actor, event)
  await appendAudit(transaction, entry, address)
}

export type DeniedAccess = {
  code: string
  /** The permission that is missing. */
  missing?: string
  /** The OCI repository; undefined for what is in none, or is not known yet. */
  repository?: string
  reason?: string
}

/** Records a refusal, for which there is no other transaction. Repeats within a minute are counted. */
export async function auditDenial(
  ctx: Auditing & Pick<ServiceContext, 'commits'>,
  actor: Acting,
  { code, missing, repository, reason }: DeniedAccess,
): Promise<void> {
  const [name, ...path] = repository?.split('/') ?? []
  await auditRefusal(ctx, actor, {
    type: 'access.denied',
    code,
    target: { repository: name, package: path.length > 0 ? path.join('/') : undefined },
    reason,
    details: { missing },
  })
}

/** Records the event of a refusal like `auditDenial`. */
export async function auditRefusal(
  ctx: Auditing & Pick<ServiceContext, 'commits'>,
  actor: Acting,
  event: AuditEvent,
): Promise<void> {
  const { entry, address } = entryOf(ctx, actor, { ...event, outcome: 'denied' })
  // The client is a whole network where addresses are easily had.
  const client = currentClient() || entry.actor.name
  const subject = entry.actor.id ?? [client, entry.via.tokenId ?? []].flat().join(' ')
  const { method = '', route = '' } = entry.request ?? {}
  // Only refusals of one kind are counted together: a route can refuse the credentials, or what they do not allow.
  const kind = [event.type, event.code, method, route].join(' ')
  await ctx.commits.run((transaction) => foldDenial(transaction, { subject, route: kind, entry, address }))
}

function entryOf(
  { now, addressKey }: Auditing,
  actor: Acting,
  event: AuditEvent,
): { entry: AuditEntry; address: string | null } {
  const origin = currentOrigin()
  const address = clean(origin.address)
  const addressHash = address && hashOfAddress(addressKey, address)
  const entry = auditEntry(event, principalOf(actor), { origin, addressHash, time: now().toISOString() })
  return { entry, address }
}

const REMEMBERED_ADDRESSES = 1000
/** By key and address: a publication has several records. */
const hashes = new WeakMap<Buffer, LRUCache<string, string>>()

/** Without the key, the few addresses there are could be tried one after the other. */
export function hashOfAddress(key: Buffer, address: string): string {
  const known = hashes.get(key) ?? new LRUCache({ max: REMEMBERED_ADDRESSES })
  hashes.set(key, known)
  const hash = known.get(address) ?? createHmac('sha256', key).update(address).digest('hex')
  known.set(address, hash)
  return hash
}

function principalOf(actor: Acting): Principal {
  const { name, kind = 'anonymous' } = actor
  if (actor.kind === 'root') return { id: null, name, kind, via: { kind: 'token', tokenId: actor.tokenId } }
  if (!isPrincipal(actor)) return { id: actor.id ?? null, name, kind, via: actor.via ?? { kind: 'none' } }
  const { principalId, groups, token } = actor
  return { id: principalId, name, kind, groups, via: actor.via ?? viaOf(token) }
}

function viaOf(token: PrincipalActor['token']): Via {
  if (!token) return { kind: 'session' }
  return token.identity
    ? { kind: 'federated', tokenId: token.id, ...token.identity }
    : { kind: 'token', tokenId: token.id }
}
