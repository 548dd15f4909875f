import type { JobUpstream } from '../../domain/job.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'

/** What a job records of the revision that it is about. */
export function jobUpstream({ name, repository, package: path, revision }: PackageRevision): JobUpstream {
  return { name, repository, package: path, revision }
}
