import type { Decision } from '../../domain/decision.ts'
import { revisionName } from '../../domain/names.ts'
import type { NewPackageRevision, PackageRevision, Upstream } from '../../domain/package-revision.ts'
import type { NewPackageRevisionRow, PackageRevisionRow } from '../schema.ts'
import { isConditions, isGates, isLabels, parseColumn } from './row-json.ts'

export function toPackageRevision(row: PackageRevisionRow): PackageRevision {
  return {
    name: row.name,
    repository: row.repository,
    repositoryType: row.repository_type,
    package: row.package,
    workspace: row.workspace,
    revision: row.revision,
    version: row.version,
    lifecycle: row.lifecycle,
    latest: row.latest === 1,
    latestBuild: row.latest_build === 1,
    task: row.task,
    upstream: toUpstream(row),
    upstreamLatest: row.upstream_latest,
    labels: parseColumn(row, 'labels', isLabels),
    annotations: parseColumn(row, 'annotations', isLabels),
    readinessGates: parseColumn(row, 'readiness_gates', isGates),
    conditions: parseColumn(row, 'conditions', isConditions),
    fileCount: row.file_count,
    artifact: {
      digest: row.digest,
      size: row.size,
      layerDigest: row.layer_digest,
      layerSize: row.layer_size,
      diffId: row.diff_id,
      configDigest: row.config_digest,
      configSize: row.config_size,
    },
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    proposedReason: row.proposed_reason,
    review: toDecision(row.reviewed_by, row.reviewed_at, row.reviewed_reason),
    publishedBy: row.published_by,
    publishedAt: row.published_at,
    deletionProposal: toDecision(
      row.deletion_proposed_by,
      row.deletion_proposed_at,
      row.deletion_proposed_reason,
    ),
    deletionRejection: toDecision(
      row.deletion_rejected_by,
      row.deletion_rejected_at,
      row.deletion_rejected_reason,
    ),
    resourceVersion: String(row.resource_version),
  }
}

export function toRow(
  packageId: number,
  revision: NewPackageRevision,
): Omit<NewPackageRevisionRow, 'id' | 'resource_version'> {
  const { artifact, upstream, review, deletionProposal, deletionRejection } = revision
  return {
    package_id: packageId,
    name: revisionName(revision),
    repository: revision.repository,
    repository_type: revision.repositoryType,
    package: revision.package,
    workspace: revision.workspace,
    revision: revision.revision,
    version: revision.version,
    lifecycle: revision.lifecycle,
    latest: revision.latest ? 1 : 0,
    latest_build: revision.latestBuild ? 1 : 0,
    task: revision.task,
    upstream_name: upstream?.name ?? null,
    upstream_repository: upstream?.repository ?? null,
    upstream_package: upstream?.package ?? null,
    upstream_revision: upstream?.revision ?? null,
    upstream_version: upstream?.version ?? null,
    upstream_digest: upstream?.digest ?? null,
    labels: JSON.stringify(revision.labels),
    annotations: JSON.stringify(revision.annotations),
    readiness_gates: JSON.stringify(revision.readinessGates),
    conditions: JSON.stringify(revision.conditions),
    file_count: revision.fileCount,
    digest: artifact.digest,
    size: artifact.size,
    layer_digest: artifact.layerDigest,
    layer_size: artifact.layerSize,
    diff_id: artifact.diffId,
    config_digest: artifact.configDigest,
    config_size: artifact.configSize,
    created_by: revision.createdBy,
    created_at: revision.createdAt,
    updated_at: revision.updatedAt,
    proposed_by: revision.proposedBy,
    proposed_at: revision.proposedAt,
    proposed_reason: revision.proposedReason,
    reviewed_by: review?.by ?? null,
    reviewed_at: review?.at ?? null,
    reviewed_reason: review?.reason ?? null,
    published_by: revision.publishedBy,
    published_at: revision.publishedAt,
    deletion_proposed_by: deletionProposal?.by ?? null,
    deletion_proposed_at: deletionProposal?.at ?? null,
    deletion_proposed_reason: deletionProposal?.reason ?? null,
    deletion_rejected_by: deletionRejection?.by ?? null,
    deletion_rejected_at: deletionRejection?.at ?? null,
    deletion_rejected_reason: deletionRejection?.reason ?? null,
  }
}

/** null unless columns say who decided, and when. */
export function toDecision(by: string | null, at: string | null, reason: string | null): Decision | null {
  return by === null || at === null ? null : { by, at, reason }
}

function toUpstream(row: PackageRevisionRow): Upstream | null {
  if (row.upstream_name === null) return null
  return {
    name: row.upstream_name,
    repository: row.upstream_repository ?? '',
    package: row.upstream_package ?? '',
    revision: row.upstream_revision ?? 0,
    version: row.upstream_version,
    digest: row.upstream_digest ?? '',
  }
}
