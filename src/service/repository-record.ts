import { type PackedRecord, packRecord } from '../artifact/record.ts'
import { AppError } from '../core/errors.ts'
import type { Reader } from '../database/connection.ts'
import { findRepository } from '../database/repositories/repositories.ts'
import type { Repository, RepositoryContent } from '../domain/repository.ts'
import type { ServiceContext } from './context.ts'
import { pushRecord } from './registry-content.ts'

/** Throws `not_found`. */
export async function getRepository(db: Reader, name: string): Promise<Repository> {
  const repository = await findRepository(db, name)
  if (repository) return repository
  throw new AppError('not_found', `there is no repository ${name}; POST /api/v1/repositories creates one`)
}

/** Pushes what a repository is, so that the registry knows it too. */
export async function pushRepositoryRecord(
  ctx: ServiceContext,
  repository: RepositoryContent,
): Promise<PackedRecord> {
  const record = packRecord('repository', repository)
  await pushRecord(ctx, repository.name, record)
  return record
}
