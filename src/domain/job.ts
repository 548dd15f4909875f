/** Work on many packages at once: a job, and an item of it for each package. */
import type { ErrorCode } from '../core/errors.ts'
import type { Labels } from './labels.ts'
import type { PackageId, RevisionId } from './names.ts'

export const JOB_KINDS = ['clone', 'upgrade'] as const
export type JobKind = (typeof JOB_KINDS)[number]

export const JOB_STATES = ['Running', 'Completed', 'Cancelled'] as const
/** Completed says that every item has come to its end, whichever: the counts tell how many failed. */
export type JobState = (typeof JOB_STATES)[number]

export const ITEM_STATES = ['Pending', 'Succeeded', 'Failed', 'Skipped'] as const
export type ItemState = (typeof ITEM_STATES)[number]

/** The published revision that a job is about. It is found once, so that all items take the same. */
export type JobUpstream = PackageId & { name: string; revision: number }

export type JobCounts = {
  total: number
  pending: number
  succeeded: number
  failed: number
  skipped: number
  /** How many of those that succeeded have conflicts to be resolved. */
  conflicts: number
}

export type Job = {
  id: string
  kind: JobKind
  state: JobState
  dryRun: boolean
  upstream: JobUpstream
  /** What was asked for, but for the targets: those are the items. */
  request: JobRequest
  counts: JobCounts
  /** The number of its last event. */
  events: number
  createdBy: string
  createdAt: string
  finishedAt: string | null
  resourceVersion: string
}

export type JobRequest = Readonly<Record<string, unknown>>

/** What a single item is given, beyond what is the same for all. */
export type ItemInput = {
  version?: string | undefined
  labels?: Labels | undefined
  annotations?: Labels | undefined
  setters?: Labels | undefined
}

/** Where the draft of an item is to be. An upgrade takes another workspace where that one is used up. */
export type NewJobItem = RevisionId & { input: ItemInput }

/** What has become of an item. */
export type ItemOutcome =
  | { state: 'Succeeded'; revision: string | null; conflicts: number; reason?: string }
  | { state: 'Skipped'; reason: string; revision?: string }
  | { state: 'Failed'; code: ErrorCode; reason: string }

export type JobItem = NewJobItem & {
  index: number
  state: ItemState
  /** Name of the draft that it made, or that was there before. */
  revision: string | null
  conflicts: number
  /** Why it failed or was skipped, or what it would do. */
  reason: string | null
  errorCode: ErrorCode | null
  /** The number of the event that told of its end. */
  event: number | null
}

export type NewJob = {
  kind: JobKind
  dryRun: boolean
  upstream: JobUpstream
  request: JobRequest
  items: readonly NewJobItem[]
}
