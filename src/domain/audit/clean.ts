/** Makes entries of what callers sent: nothing in it can make an insert fail, imitate another line, or be a secret. */
import type { Origin } from '../../core/origin.ts'
import {
  type AuditDetails,
  type AuditEntry,
  type AuditEvent,
  type AuditState,
  DETAIL_KEYS,
  type Principal,
} from './entry.ts'

/** Characters of a text. */
const MOST = { name: 256, reason: 1024, detail: 512, code: 64 }
const MOST_GROUPS = 20

/** Control characters, and those that break or reverse lines in Unicode. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

const SECRETS: readonly RegExp[] = [
  /\bpkgs[a-z]_[0-9A-Za-z]{20,}/g,
  // JSON Web Tokens, also those that are cut off.
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g,
  /\b(?:bearer|basic)\s+[\w+/=.~-]{12,}/gi,
  /(?<=:\/\/)[^\s/@]+@/g,
]
/** A secret that is cut off here is at least this long, and so is recognised. */
const LOOK_AHEAD = 512

/** The entry of an event. `addressHash`: of the origin's address. */
export function auditEntry(
  event: AuditEvent,
  principal: Principal,
  { origin, addressHash, time }: { origin: Origin; addressHash: string | null; time: string },
): AuditEntry {
  const { via } = principal
  const { target = {} } = event
  return {
    time,
    type: event.type,
    outcome: event.outcome ?? 'success',
    code: clean(event.code, MOST.code),
    count: integer(event.count ?? 1),
    actor: {
      id: clean(principal.id),
      name: clean(principal.name) ?? '',
      kind: principal.kind,
      groups: (principal.groups ?? []).slice(0, MOST_GROUPS).map((group) => clean(group) ?? ''),
    },
    via: {
      kind: origin.job === null ? via.kind : 'job',
      tokenId: clean(via.tokenId),
      issuer: clean(via.issuer),
      subject: clean(via.subject),
      jti: clean(via.jti),
      job: clean(origin.job),
    },
    source: { addressHash, userAgent: clean(origin.userAgent) },
    request: origin.request && {
      id: clean(origin.request.id),
      method: clean(origin.request.method),
      route: clean(origin.request.route),
    },
    target: {
      repository: clean(target.repository),
      package: clean(target.package),
      revision: clean(target.revision, MOST.detail),
      name: clean(target.name),
    },
    before: state(event.before),
    after: state(event.after),
    reason: clean(event.reason, MOST.reason),
    details: cleanDetails(event.details ?? {}),
  }
}

/** Returns the text without secrets and unprintable characters, and cut to a length; null for no text. */
export function clean(text: string | null | undefined, most = MOST.name): string | null {
  if (text === null || text === undefined) return null
  let start = text.slice(0, most + LOOK_AHEAD).toWellFormed()
  for (const secret of SECRETS) start = start.replace(secret, '[removed]')
  const shown = start.replace(UNPRINTABLE, ' ')
  // A character of two units may be cut in half.
  return shown.length <= most ? shown : `${shown.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

function cleanDetails(details: AuditDetails): AuditEntry['details'] {
  const kept = DETAIL_KEYS.flatMap((key) => {
    const value = details[key]
    if (value === undefined) return []
    const known = typeof value === 'boolean' || value === null
    return [[key, known ? value : typeof value === 'number' ? integer(value) : clean(value, MOST.detail)]]
  })
  return Object.fromEntries(kept)
}

function state(given: AuditState | undefined): AuditEntry['before'] {
  if (given === undefined) return null
  return {
    digest: clean(given.digest),
    lifecycle: clean(given.lifecycle),
    version: clean(given.version),
  }
}

/** Other numbers have no one spelling in JSON. */
function integer(number: number): number {
  return Number.isFinite(number) ? Math.min(Math.trunc(number), Number.MAX_SAFE_INTEGER) : 0
}
