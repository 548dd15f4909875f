import { AppError } from '../../core/errors.ts'
import { repositoryExists, saveRepository } from '../../database/repositories/repositories.ts'
import type { Labels } from '../../domain/labels.ts'
import type { Repository, RepositoryFormat, RepositoryType } from '../../domain/repository.ts'
import type { RepositorySource } from '../../domain/repository-source.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { addressOf, overlap } from '../discovery/source-registry.ts'
import { decide, finishEarlier } from '../intents.ts'
import { checkMetadata } from '../metadata.ts'
import { requireMirrorRights } from '../mirror-rights.ts'
import { hasTag } from '../registry-content.ts'
import { pushRepositoryRecord } from '../repository-record.ts'

export type NewRepository = {
  name: string
  type: RepositoryType
  format: RepositoryFormat
  description: string
  labels: Labels
  source?: RepositorySource
}

/**
 * `ownAddress` is where clients reach the registry of this server, which cannot be a source. Throws `already_exists`,
 * `conflict`, `invalid`, and `forbidden` for a source that the server may not read.
 */
export async function createRepository(
  ctx: ServiceContext,
  { discovery, ownAddress }: { discovery: Discovery; ownAddress: string },
  actor: Actor,
  input: NewRepository,
): Promise<Repository> {
  const { name, source } = input
  if (source) {
    checkFormat(input.format, source)
    discovery.check(name, source)
    checkElsewhere(source.url, ownAddress)
  }
  checkMetadata(input)
  if (input.source && input.type !== 'catalog') {
    throw new AppError(
      'invalid',
      'only a catalog can have a source: to deploy its packages, clone them into a deployment repository',
    )
  }
  return ctx.locks.run(name, async () => {
    await finishEarlier(ctx, name)
    if (await repositoryExists(ctx.db, name)) {
      throw new AppError('already_exists', `the repository ${name} exists already`)
    }
    await checkUnknownToRegistry(ctx, name)
    const now = ctx.now().toISOString()
    const repository = { ...input, createdBy: actor.name, createdAt: now, updatedAt: now }
    const { manifest } = await pushRepositoryRecord(ctx, repository)
    return decide(ctx, actor, name, async (transaction) => {
      if (source) requireMirrorRights(await ctx.policyOf(transaction), actor, name)
      return {
        result: await saveRepository(transaction, repository),
        operations: [{ do: 'tag', descriptor: manifest.descriptor, tags: [REPOSITORY_RECORD_TAG] }],
        event: {
          type: 'repository.created',
          target: { repository: name },
          details: { kind: input.type, source: source && addressOf(source.url) },
        },
      }
    })
  })
}

function checkFormat(format: RepositoryFormat, source: RepositorySource): void {
  if ((format === 'glasskube') === (source.format === 'glasskube')) return
  throw new AppError(
    'invalid',
    `a repository of the format ${format} cannot have a source of the format ${source.format}: make both glasskube, or neither`,
  )
}

function checkElsewhere(url: string, ownAddress: string): void {
  if (!overlap(addressOf(url), ownAddress)) return
  throw new AppError(
    'invalid',
    `the source cannot be ${ownAddress}, which is this server's own registry: clone its packages instead`,
  )
}

/** Throws `conflict` for a record that a lost index left behind: overwriting it would lose the repository. */
async function checkUnknownToRegistry(ctx: ServiceContext, name: string): Promise<void> {
  if (!(await hasTag(ctx, name, REPOSITORY_RECORD_TAG))) return
  throw new AppError(
    'conflict',
    `the registry has a record of a repository ${name} (${name}:${REPOSITORY_RECORD_TAG}) that is missing from the index. Restore the index, or rebuild it with pkgserver reindex; or delete the record from the registry.`,
  )
}
