/** Where a backup finds the data of a folder. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { copyIndex } from '../database/sqlite/index-file.ts'
import { RegistrySnapshot } from '../registry/snapshot.ts'
import { ADDRESS_KEY } from '../service/audit/record.ts'
import { INDEX_FILE, REGISTRY_FOLDER } from '../service/maintenance/backup/archive-layout.ts'
import type { BackupSource } from '../service/ports.ts'

export function backupSource({ data, registry, blobs }: Config, version: string): BackupSource {
  const files = registry.kind === 'embedded' && blobs.kind === 'fs'
  const root = join(data, 'registry')
  const elsewhere =
    registry.kind === 'remote'
      ? registry.url.href
      : blobs.kind === 's3'
        ? `s3://${blobs.bucket}/${blobs.prefix}`
        : ''
  return {
    // In the temporary folder of the store, which is emptied at each start, so also after a crash.
    makeFolder: async () => {
      const folder = join(files ? join(root, 'tmp') : data, `backup-${randomUUID()}`)
      await mkdir(folder, { recursive: true })
      return folder
    },
    removeFolder: (folder) => rm(folder, { recursive: true, force: true }),
    // Without its key, what the audit log says of addresses could not be checked any more.
    copyIndex: (folder) => copyIndex(data, join(folder, INDEX_FILE), [ADDRESS_KEY]),
    registry: files ? (folder) => new RegistrySnapshot(root, join(folder, REGISTRY_FOLDER)) : undefined,
    info: { version, registry: files ? 'files' : { elsewhere } },
  }
}
