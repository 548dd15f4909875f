/** An app whose index is rebuilt from the registry of another app. */
import { onTestFinished } from 'vitest'
import { indexedRepositories } from '../../src/database/maintenance/indexed-package.ts'
import { memoryIndex } from '../../src/database/open.ts'
import { createApp } from '../../src/server/app.ts'
import { IntentLog } from '../../src/service/intent-log.ts'
import { finishAll, recallIntents } from '../../src/service/intents.ts'
import { type ReindexReport, reindex } from '../../src/service/maintenance/reindex/reindex.ts'
import { PublishedRepositories } from '../../src/service/published-repositories.ts'
import type { TestApp } from './app.ts'
import { Client } from './client.ts'

/** Returns the same app on the same registry, as after a start with a rebuilt index. */
export async function reindexed({ parts, address }: TestApp): Promise<TestApp & { report: ReindexReport }> {
  const { ctx } = parts
  const { db, commits, close } = memoryIndex()
  onTestFinished(close)
  // If the registry cannot list its repositories, the operator names them.
  const isListed = await ctx.registry.repositories().then(
    () => true,
    () => false,
  )
  const names = isListed ? undefined : await indexedRepositories(ctx.db)
  const report = await reindex({ registry: ctx.registry, db, commits, now: ctx.now, names })
  const published = new PublishedRepositories(db)
  const next = { ...ctx, db, commits, published, intents: new IntentLog() }
  await recallIntents(next)
  await finishAll(next)
  const again = { ...parts, ctx: next }
  const { hono } = await createApp(again, new URL('http://localhost:8080'))
  return { parts: again, address, report, client: new Client(async (path, init) => hono.request(path, init)) }
}
