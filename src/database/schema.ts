/** The tables of `migrations/`, as Kysely sees them. JSON is text; booleans are 0 and 1. */
import type { Generated, Insertable, Selectable } from 'kysely'
import type { ErrorCode } from '../core/errors.ts'
import type { RevisionChange } from '../domain/change.ts'
import type { ItemState, JobKind, JobState } from '../domain/job.ts'
import type { Lifecycle } from '../domain/lifecycle.ts'
import type { Side } from '../domain/merge/conflict.ts'
import type { Task } from '../domain/package-revision.ts'
import type { RepositoryFormat, RepositoryType } from '../domain/repository.ts'
import type { DeliveryState, WebhookEvent } from '../domain/webhook.ts'
import type { AccessTables } from './access/tables.ts'
import type { ReviewTables } from './review/tables.ts'

export type SettingsTable = { name: string; value: string }
export type CountersTable = { name: string; value: number }

export type RepositoriesTable = {
  id: Generated<number>
  name: string
  type: RepositoryType
  format: Generated<RepositoryFormat>
  description: string
  labels: string
  source: string | null
  published_changes: Generated<number>
  created_by: string
  created_at: string
  updated_at: string
  resource_version: number
}

export type RepositorySyncsTable = {
  repository: string
  last_sync_at: string
  last_success_at: string | null
  error: string | null
  packages: number
}

export type DiscoveredTagsTable = {
  repository: string
  package: string
  tag: string
  digest: string | null
  revision: string | null
  problem: string | null
  checked_at: string
}

export type PackagesTable = {
  id: Generated<number>
  repository: string
  path: string
  highest_revision: Generated<number>
  versioned: number | null
  listing: Generated<string | null>
  published_changes: Generated<number>
  revision_count: Generated<number>
  latest_revision: Generated<number | null>
  latest_version: Generated<string | null>
  updated_at: Generated<string>
}

export type RetiredWorkspacesTable = {
  package_id: number
  workspace: string
  revision: number
  version: string | null
  deleted_by: string | null
  deleted_at: string | null
  deleted_reason: string | null
}

export type PackageRevisionsTable = {
  id: Generated<number>
  package_id: number
  name: string
  repository: string
  repository_type: RepositoryType
  package: string
  workspace: string
  revision: number
  version: string | null
  lifecycle: Lifecycle
  latest: number
  latest_build: number
  task: Task
  upstream_name: string | null
  upstream_repository: string | null
  upstream_package: string | null
  upstream_revision: number | null
  upstream_version: string | null
  upstream_digest: string | null
  labels: string
  annotations: string
  readiness_gates: string
  conditions: string
  file_count: number
  digest: string
  size: number
  layer_digest: string
  layer_size: number
  diff_id: string
  config_digest: string
  config_size: number
  created_by: string
  created_at: string
  updated_at: string
  proposed_by: string | null
  proposed_at: string | null
  proposed_reason: string | null
  reviewed_by: string | null
  reviewed_at: string | null
  reviewed_reason: string | null
  published_by: string | null
  published_at: string | null
  deletion_proposed_by: string | null
  deletion_proposed_at: string | null
  deletion_proposed_reason: string | null
  deletion_rejected_by: string | null
  deletion_rejected_at: string | null
  deletion_rejected_reason: string | null
  resource_version: number
  contents_id: Generated<number | null>
}

export type PackageRevisionLabelsTable = { revision_id: number; key: string; value: string; name: string }

export type ContentsTable = {
  id: Generated<number>
  layer_digest: string
  words: string
  manifest: string | null
  rules: number
}

export type ConflictsTable = {
  revision_id: number
  id: number
  path: string
  object: string | null
  field: string
  original: string | null
  local: string | null
  upstream: string | null
  chosen: Side
  resolution: string | null
}

export type IntentsTable = {
  id: Generated<number>
  oci_repository: string
  operations: string
  created_at: string
}

export type JobsTable = {
  id: Generated<number>
  kind: JobKind
  state: JobState
  dry_run: number
  upstream: string
  request: string
  total: number
  succeeded: Generated<number>
  failed: Generated<number>
  skipped: Generated<number>
  conflicted: Generated<number>
  events: Generated<number>
  created_by: string
  created_at: string
  finished_at: string | null
  resource_version: number
  credentials: string | null
}

export type JobItemsTable = {
  job_id: number
  position: number
  repository: string
  package: string
  workspace: string
  input: string
  state: ItemState
  revision: string | null
  conflicts: Generated<number>
  reason: string | null
  error_code: ErrorCode | null
  event: number | null
  begun: Generated<number>
}

export type ChangesTable = {
  resource_version: number
  changed_at: string
  bytes_end: number
  type: RevisionChange['type']
  was: string | null
  revision: string
}

export type WebhooksTable = {
  id: Generated<number>
  name: string
  url: string
  secret: string
  events: string
  filter: string
  enabled: number
  created_by: string
  created_at: string
  updated_at: string
  resource_version: number
}

export type DeliveriesTable = {
  id: Generated<number>
  webhook_id: number
  event: WebhookEvent
  revision_name: string | null
  resource_version: number | null
  state: DeliveryState
  attempts: Generated<number>
  status_code: number | null
  error: string | null
  duration: number | null
  created_at: string
  next_attempt: string | null
  give_up_at: string
  revision: string | null
}

export type AuditTable = {
  seq: number
  time: string
  type: string
  principal: string
  repository: string | null
  address: string | null
  record: string
  hash: string
}

export type AuditHeadTable = { id: number; log: string; seq: number; hash: string }

export type AuditDenialsTable = {
  minute: string
  subject: string
  route: string
  repeats: number
  entry: string
}

type RightsTables = AccessTables & ReviewTables

export type Schema = RightsTables & {
  settings: SettingsTable
  counters: CountersTable
  repositories: RepositoriesTable
  repository_syncs: RepositorySyncsTable
  discovered_tags: DiscoveredTagsTable
  packages: PackagesTable
  retired_workspaces: RetiredWorkspacesTable
  package_revisions: PackageRevisionsTable
  package_revision_labels: PackageRevisionLabelsTable
  contents: ContentsTable
  conflicts: ConflictsTable
  intents: IntentsTable
  jobs: JobsTable
  job_items: JobItemsTable
  changes: ChangesTable
  webhooks: WebhooksTable
  deliveries: DeliveriesTable
  audit: AuditTable
  audit_head: AuditHeadTable
  audit_denials: AuditDenialsTable
}

export type PackageRevisionRow = Selectable<PackageRevisionsTable> & {
  /** The highest live revision of the upstream's package; null without an upstream, or without such a revision. */
  upstream_latest: number | null
}
export type NewPackageRevisionRow = Insertable<PackageRevisionsTable>
