import type { Condition, ReadinessGate } from './conditions.ts'
import type { Decision } from './decision.ts'
import type { Labels } from './labels.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { RepositoryType } from './repository.ts'

export const TASKS = ['init', 'resources', 'clone', 'copy', 'upgrade', 'discover'] as const
/** The origin of a revision: the key of the `source` it was created from, or `discover` if it was found elsewhere. */
export type Task = (typeof TASKS)[number]

/** Far above what a package reaches, and far below where numbers are no longer exact. */
export const MAX_REVISION = 2 ** 31 - 1

/** The published revision that a package was cloned from or last upgraded to. */
export type Upstream = {
  name: string
  repository: string
  package: string
  revision: number
  version: string | null
  digest: string
}

/** The OCI artifact of a revision. */
export type Artifact = {
  /** The digest and the size of the manifest. */
  digest: string
  size: number
  layerDigest: string
  layerSize: number
  /** The digest of the uncompressed layer. */
  diffId: string
  configDigest: string
  configSize: number
}

/** A revision as its manifest records it; together with the tags, that is enough to rebuild the index. */
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
  /** True for the highest revision that is Published or DeletionProposed. */
  latest: boolean
  /** True for the highest live build of its version. */
  latestBuild: boolean
  /** The highest live revision of the upstream's package; higher than `upstream.revision` if that is outdated. */
  upstreamLatest: number | null
  /** Set while its deletion is proposed. */
  deletionProposal: Decision | null
  /** The last proposal to delete it that was rejected. */
  deletionRejection: Decision | null
  artifact: Artifact
  resourceVersion: string
}

/** A package revision without the fields that the index derives. */
export type NewPackageRevision = Omit<PackageRevision, 'name' | 'upstreamLatest' | 'resourceVersion'>

/** A workspace whose revision was deleted. Its name, number and version cannot be used again. */
export type RetiredWorkspace = {
  workspace: string
  revision: number
  version: string | null
  /** null for a revision that went with its repository, or that a version deleted that did not keep it. */
  deletion: Decision | null
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

/** The sort fields of lists of revisions; ties are broken by name. */
export const SORT_FIELDS = ['name', 'updatedAt', 'publishedAt'] as const
export type Sort = { field: (typeof SORT_FIELDS)[number]; descending: boolean }
