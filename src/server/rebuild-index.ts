/** `pkgserver reindex`: a new index in place of one that is lost. Part of the composition root. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { makeFolder, syncFolder } from '../core/folder.ts'
import { lockFolder } from '../database/sqlite/folder-lock.ts'
import { inspectIndexFile, moveIndexFile, removeIndexFile } from '../database/sqlite/index-file.ts'
import { openDatabase } from '../database/sqlite/open.ts'
import { type ReindexReport, reindex } from '../service/maintenance/reindex/reindex.ts'
import { openRegistry } from './artifact-registry.ts'
import { version } from './version.ts'

export type RebuildOptions = {
  /** Whether an index that has something in it is moved aside. */
  force: boolean
  /** The OCI repositories to read; all, where there are none. */
  names: readonly string[]
}

export type RebuildReport = ReindexReport & {
  /** Where the index is that was there before. */
  aside: string | undefined
}

/**
 * Builds the index of a data folder from its registry. It is written beside the old one and put in its place in the
 * end, so that what is cut off has changed nothing. Throws `conflict` while a server runs there.
 */
export async function rebuildIndex(
  config: Config,
  options: RebuildOptions,
  log: Logger,
): Promise<RebuildReport> {
  await makeFolder(config.data)
  const lock = lockFolder(config.data)
  try {
    const file = join(config.data, 'index.db')
    const before = inspectIndexFile(file)
    const filled = before.state === 'filled' || before.state === 'unreadable'
    if (filled && !options.force) throw refusal(file, before)
    const fresh = `${file}.reindex`
    removeIndexFile(fresh)
    const report = await fill(
      fresh,
      config,
      options.names,
      before.state === 'filled' ? before.resourceVersion : 0,
      log,
    )
    const aside = filled ? `${file}.${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined
    if (aside) moveIndexFile(file, aside)
    else removeIndexFile(file)
    renameSync(fresh, file)
    await syncFolder(config.data)
    return { ...report, aside }
  } finally {
    lock.release()
  }
}

async function fill(
  file: string,
  config: Config,
  names: readonly string[],
  above: number,
  log: Logger,
): Promise<ReindexReport> {
  const opened = await openRegistry(config, await version(), log)
  try {
    const db = openDatabase(file)
    try {
      const now = (): Date => new Date()
      return await reindex({
        registry: opened.registry,
        db,
        now,
        names: names.length > 0 ? names : undefined,
        above,
      })
    } finally {
      // The last one to close it writes the log into the file.
      await db.destroy()
    }
  } finally {
    await opened.close()
  }
}

function refusal(file: string, state: ReturnType<typeof inspectIndexFile>): AppError {
  const what = state.state === 'unreadable' ? `cannot be read (${state.reason})` : 'has an index in it'
  return new AppError(
    'conflict',
    `${file} ${what}. With --force it is moved aside, and a new one is built: jobs are lost then, and whatever the registry does not know.`,
  )
}
