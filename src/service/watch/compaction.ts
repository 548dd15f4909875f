import { setImmediate } from 'node:timers/promises'
import { pruneChanges } from '../../database/change-log.ts'
import type { ServiceContext } from '../context.ts'

/** Changes are kept up to this age and size. Clients that come back later must list again. */
const KEPT_HOURS = 24
const KEPT_BYTES = 128 * 1024 * 1024

/** Rows per transaction; other writers run in between. */
const BATCH = 200

/** Deletes changes that are no longer kept from the log. */
export async function compactChanges(
  ctx: Pick<ServiceContext, 'commits' | 'now'>,
  { hours = KEPT_HOURS, bytes = KEPT_BYTES }: { hours?: number; bytes?: number } = {},
): Promise<void> {
  const since = new Date(ctx.now().getTime() - hours * 60 * 60 * 1000).toISOString()
  const step = () => ctx.commits.run((transaction) => pruneChanges(transaction, { since, bytes }, BATCH))
  while (await step()) await setImmediate()
}
