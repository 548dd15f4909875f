/** Where a backup finds the data of a folder. Part of the composition root. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { copyDatabase } from '../database/sqlite/backup.ts'
import { RegistrySnapshot } from '../registry/snapshot.ts'
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
    // Among what the store has under way: what a crash leaves there is dropped at the next start.
    makeFolder: async () => {
      const folder = join(files ? join(root, 'tmp') : data, `backup-${randomUUID()}`)
      await mkdir(folder, { recursive: true })
      return folder
    },
    removeFolder: (folder) => rm(folder, { recursive: true, force: true }),
    copyIndex: (folder) => copyDatabase(join(data, 'index.db'), join(folder, INDEX_FILE)),
    registry: files ? (folder) => new RegistrySnapshot(root, join(folder, REGISTRY_FOLDER)) : undefined,
    info: { version, registry: files ? 'files' : { elsewhere } },
  }
}
