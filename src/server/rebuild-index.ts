/** `pkgserver reindex`: replaces a lost index with one that is built from the registry. */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import type { Index } from '../database/open.ts'
import { type IndexState, inspectIndex, openNewIndex } from '../database/sqlite/replace-index.ts'
import { type ReindexReport, reindex } from '../service/maintenance/reindex/reindex.ts'
import { openRegistry } from './artifact-registry.ts'
import { takeDataFolder } from './data-folder.ts'
import { version } from './version.ts'

export type RebuildOptions = {
  /** Moves an existing index aside. */
  force: boolean
  /** The OCI repositories to read; empty for all. */
  names: readonly string[]
}

export type RebuildReport = ReindexReport & {
  /** Where the old index is now. */
  aside: string | undefined
}

/**
 * Builds the index of a data folder from its registry. It is built beside the old one and replaces it at the end, so
 * an interruption changes nothing. Throws `conflict` while a server runs on the folder, and for an existing index
 * without `force`.
 */
export async function rebuildIndex(
  config: Config,
  { force, names }: RebuildOptions,
  log: Logger,
): Promise<RebuildReport> {
  const lock = await takeDataFolder(config.data)
  try {
    const before = inspectIndex(config.data)
    const keepOld = before.state === 'filled' || before.state === 'unreadable'
    if (keepOld && !force) throw refusal(before)
    const above = before.state === 'filled' ? before.resourceVersion : 0
    const index = openNewIndex(config.data)
    try {
      const report = await fill(index, config, names, above, log)
      return { ...report, aside: await index.install({ keepOld }) }
    } finally {
      await index.close()
    }
  } finally {
    lock.release()
  }
}

async function fill(
  { db, commits }: Index,
  config: Config,
  names: readonly string[],
  above: number,
  log: Logger,
): Promise<ReindexReport> {
  const { registry, close } = await openRegistry(config, await version(), log)
  try {
    return await reindex({
      registry,
      db,
      commits,
      now: () => new Date(),
      names: names.length > 0 ? names : undefined,
      above,
    })
  } finally {
    await close()
  }
}

function refusal(state: IndexState): AppError {
  const what = state.state === 'unreadable' ? `cannot be read (${state.reason})` : 'has an index in it'
  return new AppError(
    'conflict',
    `${state.file} ${what}. With --force it is moved aside, and a new one is built: jobs are lost then, and whatever the registry does not know.`,
  )
}
