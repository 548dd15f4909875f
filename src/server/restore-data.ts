/** `pkgserver restore`: makes a data folder from a backup. */
import { open } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { syncFolder } from '../core/folder.ts'
import { findIndexFile, indexProblem, placeIndex } from '../database/sqlite/index-file.ts'
import { type RestoreReport, restore } from '../service/maintenance/backup/restore.ts'
import { takeDataFolder } from './data-folder.ts'

const CHUNK = 1024 * 1024

/** `-` is standard input. Throws `conflict` while a server runs on the data folder, and for one with data in it. */
export async function restoreData({ data }: Config, file: string): Promise<RestoreReport> {
  const stream = file === '-' ? process.stdin : (await open(file)).createReadStream({ highWaterMark: CHUNK })
  try {
    const lock = await takeDataFolder(data)
    try {
      return await restore(stream, data, { syncFolder, findIndexFile, indexProblem, placeIndex })
    } finally {
      lock.release()
    }
  } finally {
    stream.destroy()
  }
}
