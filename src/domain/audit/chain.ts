/** The chain: each record names the hash of the one before, so that none can change or go unnoticed. */
import { sha256 } from '../../core/sha256.ts'
import type { AuditEntry } from './entry.ts'

/** The last record of a chain, by which all before it are known. */
export type ChainHead = { seq: number; hash: string }

/** `log`: the id of the log, as a registry may have heads of several. */
export type LogHead = ChainHead & { log: string }

/** Before the first record. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) }

/** `text`: the record as canonical JSON, without its hash, which is the SHA-256 of the text. */
export type Link = ChainHead & { text: string }

/** Places an entry after the head of a chain. */
export function link(entry: AuditEntry, head: ChainHead): Link {
  const seq = head.seq + 1
  const text = canonicalJson({ ...entry, seq, prevHash: head.hash })
  return { seq, text, hash: sha256(text) }
}

/** JSON without blanks, with sorted keys: as `jq -cS` writes it, so that others can compute the hashes too. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}

/** Parses `<seq>:<hash>`; undefined for any other text. */
export function parseHead(text: string): ChainHead | undefined {
  const [matched, seq, hash = ''] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return matched === undefined ? undefined : { seq: Number(seq), hash }
}
