/** Bulk operations: a job, with one item for each package. */
import type { ErrorCode } from '../core/errors.ts'
import type { Labels } from './labels.ts'
import type { PackageId, RevisionId } from './names.ts'

export const JOB_KINDS = ['clone', 'upgrade'] as const
export type JobKind = (typeof JOB_KINDS)[number]

export const JOB_STATES = ['Running', 'Completed', 'Cancelled'] as const
/** `Completed` means that every item has ended; the counts say how many of them failed. */
export type JobState = (typeof JOB_STATES)[number]

export const ITEM_STATES = ['Pending', 'Succeeded', 'Failed', 'Skipped'] as const
export type ItemState = (typeof ITEM_STATES)[number]

/** The published revision that a job clones or upgrades to. It is resolved once, so that all items use the same one. */
export type JobUpstream = PackageId & { name: string; revision: number }

export type JobCounts = {
  total: number
  pending: number
  succeeded: number
  failed: number
  skipped: number
  /** The number of succeeded items with conflicts to resolve. */
  conflicts: number
}

/** Whose rights the items of a job have: those of the caller who started it, at the time when each item runs. */
export type JobCredentials =
  | { kind: 'account'; principalId: string; tokenId: string | null }
  | { kind: 'root'; name: string; tokenId: string }
  | { kind: 'anonymous' }

export type Job = {
  id: string
  kind: JobKind
  state: JobState
  dryRun: boolean
  upstream: JobUpstream
  /** The request without its targets, which are the items. */
  request: JobRequest
  counts: JobCounts
  /** The number of the last event of the job. */
  events: number
  createdBy: string
  /** null: without any rights, where callers need some. */
  credentials: JobCredentials | null
  createdAt: string
  finishedAt: string | null
  resourceVersion: string
}

export type JobRequest = Readonly<Record<string, unknown>>

/** The input of a single item, beyond what all items share. */
export type ItemInput = {
  version?: string | undefined
  labels?: Labels | undefined
  annotations?: Labels | undefined
  setters?: Labels | undefined
}

/** An item and the name of its draft. An upgrade takes another workspace if this one has been used before. */
export type NewJobItem = RevisionId & { input: ItemInput }

/** The result of an item. */
export type ItemOutcome =
  | { state: 'Succeeded'; revision: string | null; conflicts: number; reason?: string }
  | { state: 'Skipped'; reason: string; revision?: string }
  | { state: 'Failed'; code: ErrorCode; reason: string }

export type JobItem = NewJobItem & {
  index: number
  state: ItemState
  /** The name of the draft that the item created or found. */
  revision: string | null
  conflicts: number
  /** Why the item failed or was skipped, or what it would do in a dry run. */
  reason: string | null
  errorCode: ErrorCode | null
  /** The number of the event that reported the end of the item. */
  event: number | null
}

export type NewJob = {
  kind: JobKind
  dryRun: boolean
  upstream: JobUpstream
  request: JobRequest
  items: readonly NewJobItem[]
}
