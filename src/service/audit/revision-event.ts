import type { AuditDetails, AuditEvent, AuditState, AuditType } from '../../domain/audit/entry.ts'
import { revisionName } from '../../domain/names.ts'
import type { NewPackageRevision } from '../../domain/package-revision.ts'

/** What is recorded of a change beside the revision itself. */
export type Told = { type: AuditType; reason?: string | null; details?: AuditDetails }

/** The event of a change of a revision; without `before` it is new, without `after` it is deleted. */
export function revisionEvent(
  { type, reason, details = {} }: Told,
  before: NewPackageRevision | undefined,
  after: NewPackageRevision | undefined,
): AuditEvent {
  const revision = after ?? before
  return {
    type,
    target: revision && {
      repository: revision.repository,
      package: revision.package,
      revision: revisionName(revision),
    },
    before: before && stateOf(before),
    after: after && stateOf(after),
    reason,
    details: { ...details, ...(after && after.revision > 0 && { number: after.revision }) },
  }
}

function stateOf({ artifact, lifecycle, version }: NewPackageRevision): AuditState {
  return { digest: artifact.digest, lifecycle, version }
}
