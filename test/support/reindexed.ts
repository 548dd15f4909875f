/** An app whose index is built anew from the registry of another one. */
import { onTestFinished } from 'vitest'
import { indexedRepositories } from '../../src/database/maintenance/indexed-package.ts'
import { memoryIndex } from '../../src/database/open.ts'
import { createApp } from '../../src/server/app.ts'
import { IntentLog } from '../../src/service/intent-log.ts'
import { finishAll, recallIntents } from '../../src/service/intents.ts'
import { type ReindexReport, reindex } from '../../src/service/maintenance/reindex/reindex.ts'
import type { TestApp } from './app.ts'
import { Client } from './client.ts'

/** The same app over the same registry, as it is after a start with a new index. */
export async function reindexed({ parts, address }: TestApp): Promise<TestApp & { report: ReindexReport }> {
  const { ctx } = parts
  const { db, commits, close } = memoryIndex()
  onTestFinished(close)
  // Where a registry has no list of them, whoever runs it knows the names.
  const told = await ctx.registry.repositories().then(
    () => true,
    () => false,
  )
  const names = told ? undefined : await indexedRepositories(ctx.db)
  const report = await reindex({ registry: ctx.registry, db, commits, now: ctx.now, names })
  const next = { ...ctx, db, commits, intents: new IntentLog() }
  await recallIntents(next)
  await finishAll(next)
  const again = { ...parts, ctx: next }
  const { hono } = await createApp(again, new URL('http://localhost:8080'))
  return { parts: again, address, report, client: new Client(async (path, init) => hono.request(path, init)) }
}
