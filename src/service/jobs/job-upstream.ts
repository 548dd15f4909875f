import type { JobUpstream } from '../../domain/job.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'

/** Returns what a job stores of its upstream revision. */
export function jobUpstream({ name, repository, package: path, revision }: PackageRevision): JobUpstream {
  return { name, repository, package: path, revision }
}
