/**
 * Backs up all data of the server as one tar: the index and the registry's files at one moment. The files are hard-linked
 * while writes go on; then, while commits pause, the index is copied, and the repositories that changed meanwhile are
 * linked again. Decisions whose tags are still to be set are intents in the copy, which a restored server carries out.
 */
import { AppError } from '../../../core/errors.ts'
import { auditHead } from '../../../database/audit/append.ts'
import type { ChainHead } from '../../../domain/audit/chain.ts'
import { type Acting, audit } from '../../audit/record.ts'
import type { ServiceContext } from '../../context.ts'
import type { BackupSource } from '../../ports.ts'
import { writeArchive } from './write-archive.ts'

/** Those of which a backup is being made: it keeps a copy of the index, and commits wait for that. */
const busy = new WeakSet<BackupSource>()

/**
 * Returns the backup, which ends early when the signal is aborted. Throws `not_available` for a server that keeps
 * everything in memory, and `overloaded` while another backup is being made.
 */
export async function backup(
  ctx: ServiceContext,
  actor: Acting,
  gone?: AbortSignal,
): Promise<AsyncGenerator<Uint8Array>> {
  const source = ctx.backup
  if (!source)
    throw new AppError('not_available', 'the server keeps everything in memory: there is nothing to back up')
  if (busy.has(source))
    throw new AppError('overloaded', 'another backup is being made: try again when it has ended')
  busy.add(source)
  let folder: string | undefined
  let head: ChainHead
  let ended = false
  const end = async () => {
    if (ended) return
    ended = true
    busy.delete(source)
    if (folder !== undefined) await source.removeFolder(folder)
  }
  try {
    await ctx.commits.run((transaction) => audit(ctx, transaction, actor, { type: 'backup.started' }))
    folder = await source.makeFolder()
    head = await copyAll(ctx, source, folder)
  } catch (error) {
    await end()
    throw error
  }
  // The content is not read, and so does not end, if the client has gone or goes now.
  if (gone?.aborted) await end()
  gone?.addEventListener('abort', () => void end().catch(ctx.report), { once: true })
  return sent(ctx, source, { folder, head }, end)
}

/** Resolves to the head of the audit log in the copy. */
async function copyAll(ctx: ServiceContext, source: BackupSource, folder: string): Promise<ChainHead> {
  const touched = new Set<string>()
  ctx.intents.followers.add(touched)
  try {
    const copy = source.registry?.(folder)
    await copy?.take()
    return await ctx.commits.paused(async () => {
      await source.copyIndex(folder)
      await copy?.refresh(touched)
      const { seq, hash } = await auditHead(ctx.db)
      return { seq, hash }
    })
  } finally {
    ctx.intents.followers.delete(touched)
  }
}

async function* sent(
  ctx: ServiceContext,
  source: BackupSource,
  { folder, head }: { folder: string; head: ChainHead },
  end: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* writeArchive(folder, { ...source.info, createdAt: ctx.now().toISOString(), audit: head })
  } finally {
    await end()
  }
}
