import { countRevisions } from '../../database/package-revisions/of-repository.ts'
import { discoveryProblems, findSync } from '../../database/repositories/discovered-tags.ts'
import type { Repository } from '../../domain/repository.ts'
import { parseInterval, type SyncStatus } from '../../domain/repository-source.ts'
import type { ServiceContext } from '../context.ts'
import { referenceIn } from './source-registry.ts'

const SHOWN_PROBLEMS = 100

/** The state of a repository's source; undefined for a repository without one. */
export async function syncStatus(
  ctx: ServiceContext,
  repository: Repository,
  running: boolean,
): Promise<SyncStatus | undefined> {
  const { name, source } = repository
  if (!source) return undefined
  const last = await findSync(ctx.db, name)
  const { problems, count } = await discoveryProblems(ctx.db, name, SHOWN_PROBLEMS)
  const ended = last === undefined ? 'Pending' : last.error === null ? 'Succeeded' : 'Failed'
  return {
    state: running ? 'Syncing' : ended,
    lastSyncAt: last?.lastSyncAt ?? null,
    lastSuccessAt: last?.lastSuccessAt ?? null,
    nextSyncAt: nextSyncAt(repository, last?.lastSyncAt)?.toISOString() ?? null,
    error: last?.error ?? null,
    packages: last?.packages ?? 0,
    revisions: await countRevisions(ctx.db, name),
    problems: problems.map(({ package: path, tag, problem }) => ({
      reference: referenceIn(source, path, tag),
      reason: problem,
    })),
    problemCount: count,
  }
}

/** Jitter: up to a tenth of the interval, so that repositories are not all due at the same moment. */
const SPREAD = 0.1

/** The time of the next sync; undefined for a source that is synced on request only. */
export function nextSyncAt(
  { name, source, createdAt }: Repository,
  lastSyncAt: string | undefined,
): Date | undefined {
  const interval = parseInterval(source?.interval ?? '0') ?? 0
  if (interval === 0) return undefined
  if (lastSyncAt === undefined) return new Date(createdAt)
  return new Date(Date.parse(lastSyncAt) + interval * (1 + SPREAD * fractionOf(name)))
}

/** A fraction from 0 to 1 that is always the same for a name. */
function fractionOf(name: string): number {
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1009
  return hash / 1009
}
