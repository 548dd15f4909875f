import type { Condition, ReadinessGate } from './conditions.ts'
import type { Decision } from './decision.ts'
import type { Labels } from './labels.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { RepositoryType } from './repository.ts'

export const TASKS = ['init', 'resources', 'clone', 'copy', 'upgrade', 'discover'] as const
/** How a revision came to be: the key of the `source` it was created from, or that it was found elsewhere. */
export type Task = (typeof TASKS)[number]

/** The published revision that a package was cloned from or last upgraded to. */
export type Upstream = {
  name: string
  repository: string
  package: string
  revision: number
  version: string | null
  digest: string
}

/** What a manifest points to: the layer with the files, and the config that goes with it. */
export type LayerReference = {
  layerDigest: string
  layerSize: number
  /** Digest of the plain tar in the layer. */
  diffId: string
  configDigest: string
  configSize: number
}

/** The manifest of a revision, and what it points to. */
export type Artifact = LayerReference & {
  digest: string
  size: number
}

/** What a manifest says of its revision; with the tags it is enough to rebuild the index. */
export type RevisionRecord = {
  repository: string
  repositoryType: RepositoryType
  package: string
  workspace: string
  /** 0 until published. */
  revision: number
  version: string | null
  lifecycle: Lifecycle
  task: Task
  upstream: Upstream | null
  labels: Labels
  annotations: Labels
  readinessGates: readonly ReadinessGate[]
  conditions: readonly Condition[]
  fileCount: number
  createdBy: string
  createdAt: string
  updatedAt: string
  proposedBy: string | null
  proposedAt: string | null
  proposedReason: string | null
  /** The last review: the approval of a published revision, otherwise a rejection. */
  review: Decision | null
  publishedBy: string | null
  publishedAt: string | null
}

export type PackageRevision = RevisionRecord & {
  name: string
  /** Whether it is the highest revision that is Published or DeletionProposed. */
  latest: boolean
  /** Whether it is the highest live build of its version. */
  latestBuild: boolean
  /** The highest live revision of the upstream's package: higher than `upstream.revision` when that is outdated. */
  upstreamLatest: number | null
  /** Set while its deletion is proposed. */
  deletionProposal: Decision | null
  /** The last proposal to delete it that was rejected. */
  deletionRejection: Decision | null
  artifact: Artifact
  resourceVersion: string
}

/** The review of a revision that has not had any. */
export const UNREVIEWED = {
  proposedBy: null,
  proposedAt: null,
  proposedReason: null,
  review: null,
  deletionProposal: null,
  deletionRejection: null,
} as const satisfies Partial<PackageRevision>

/** A package revision as it is handed to the index, which adds what it derives. */
export type NewPackageRevision = Omit<PackageRevision, 'name' | 'upstreamLatest' | 'resourceVersion'>

/** A workspace whose revision is deleted, with what that was published as: all of it is used up. */
export type RetiredWorkspace = {
  workspace: string
  revision: number
  version: string | null
  /** null where it went with its repository, or was deleted by a version that did not keep it. */
  deletion: Decision | null
}

/** What lists of revisions can be sorted by; the name decides between equals. */
export const SORT_FIELDS = ['name', 'updatedAt', 'publishedAt'] as const
export type Sort = { field: (typeof SORT_FIELDS)[number]; descending: boolean }
