/** `pkgserver restore`. Part of the composition root. */
import { createReadStream } from 'node:fs'
import type { Config } from '../config.ts'
import { makeFolder, syncFolder } from '../core/folder.ts'
import { lockFolder } from '../database/sqlite/folder-lock.ts'
import { type RestoreReport, restore } from '../service/maintenance/backup/restore.ts'

const CHUNK = 1024 * 1024

/** Makes the data folder of a backup. Throws `conflict` while a server runs there, or where there is anything. */
export async function restoreData({ data }: Config, file: string): Promise<RestoreReport> {
  await makeFolder(data)
  const lock = lockFolder(data)
  try {
    return await restore(createReadStream(file, { highWaterMark: CHUNK }), data, syncFolder)
  } finally {
    lock.release()
  }
}
