import { repositoryFormat } from '../database/repositories/repositories.ts'
import type { PackageId } from '../domain/names.ts'
import type { ServiceContext } from './context.ts'
import type { FileRules } from './workers/package-tasks.ts'

/** The rules for the files of a package, by the format of its repository. */
export async function fileRules(
  { db, limits }: Pick<ServiceContext, 'db' | 'limits'>,
  { repository, package: path }: PackageId,
): Promise<FileRules> {
  const format = await repositoryFormat(db, repository)
  return format === 'glasskube' ? { limits, manifestOf: path } : { limits }
}
