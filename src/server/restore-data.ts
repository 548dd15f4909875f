/** `pkgserver restore`: makes a data folder from a backup. */
import { createReadStream } from 'node:fs'
import type { Config } from '../config.ts'
import { makeFolder, syncFolder } from '../core/folder.ts'
import { lockFolder } from '../database/sqlite/folder-lock.ts'
import { findIndexFile, placeIndex } from '../database/sqlite/index-file.ts'
import { type RestoreReport, restore } from '../service/maintenance/backup/restore.ts'

const CHUNK = 1024 * 1024

/** Throws `conflict` while a server runs on the data folder, and for one with data in it. */
export async function restoreData({ data }: Config, file: string): Promise<RestoreReport> {
  await makeFolder(data)
  const lock = lockFolder(data)
  try {
    const stream = createReadStream(file, { highWaterMark: CHUNK })
    return await restore(stream, data, { syncFolder, findIndexFile, placeIndex })
  } finally {
    lock.release()
  }
}
