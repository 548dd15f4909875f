/**
 * Backs up all data of the server as one tar: the index and the registry's files at one moment. The files are hard-linked
 * while writes go on; then, while commits pause, the index is copied, and the repositories that changed meanwhile are
 * linked again. Decisions whose tags are still to be set are intents in the copy, which a restored server carries out.
 */
import { AppError } from '../../../core/errors.ts'
import type { ServiceContext } from '../../context.ts'
import type { BackupSource } from '../../ports.ts'
import { writeArchive } from './write-archive.ts'

/** Throws `not_available` for a server that keeps everything in memory. */
export async function backup(ctx: ServiceContext): Promise<AsyncGenerator<Uint8Array>> {
  const source = ctx.backup
  if (!source)
    throw new AppError('not_available', 'the server keeps everything in memory: there is nothing to back up')
  const folder = await source.makeFolder()
  try {
    await copyAll(ctx, source, folder)
  } catch (error) {
    await source.removeFolder(folder)
    throw error
  }
  return sent(ctx, source, folder)
}

async function copyAll(ctx: ServiceContext, source: BackupSource, folder: string): Promise<void> {
  const touched = new Set<string>()
  ctx.intents.followers.add(touched)
  try {
    const copy = source.registry?.(folder)
    await copy?.take()
    await ctx.commits.paused(async () => {
      await source.copyIndex(folder)
      await copy?.refresh(touched)
    })
  } finally {
    ctx.intents.followers.delete(touched)
  }
}

async function* sent(ctx: ServiceContext, source: BackupSource, folder: string): AsyncGenerator<Uint8Array> {
  try {
    yield* writeArchive(folder, { ...source.info, createdAt: ctx.now().toISOString() })
  } finally {
    await source.removeFolder(folder)
  }
}
