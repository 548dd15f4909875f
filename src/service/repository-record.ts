import { type PackedRecord, packRecord } from '../artifact/record.ts'
import { AppError } from '../core/errors.ts'
import type { Reader } from '../database/connection.ts'
import { findRepository } from '../database/repositories/repositories.ts'
import type { Repository, RepositoryContent } from '../domain/repository.ts'
import type { Actor } from './access/actor.ts'
import type { ServiceContext } from './context.ts'
import { finishEarlier } from './intents.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { pushRecord } from './registry-content.ts'

/** Throws `not_found`. */
export async function getRepository(db: Reader, name: string): Promise<Repository> {
  const repository = await findRepository(db, name)
  if (repository) return repository
  throw new AppError('not_found', `there is no repository ${name}`, { remedy: { do: 'create_repository' } })
}

/** A repository as it is now, and who changes it. */
type Current = { actor: Actor; repository: Repository }

/** Runs work on a repository, alone with it. Throws `not_found` and `precondition_failed`. */
export async function withRepository<T>(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  precondition: Precondition,
  work: (current: Current) => Promise<T>,
): Promise<T> {
  return ctx.locks.run(name, async () => {
    await finishEarlier(ctx, name)
    const repository = await getRepository(ctx.db, name)
    checkPrecondition(name, repository.resourceVersion, precondition)
    return work({ actor, repository })
  })
}

/** Pushes the record of a repository, from which a lost index can be rebuilt. */
export async function pushRepositoryRecord(
  ctx: ServiceContext,
  repository: RepositoryContent,
): Promise<PackedRecord> {
  const record = packRecord('repository', repository)
  await pushRecord(ctx, repository.name, record)
  return record
}
