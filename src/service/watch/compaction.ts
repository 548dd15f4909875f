import { setImmediate } from 'node:timers/promises'
import { pruneChanges } from '../../database/change-log.ts'
import type { ServiceContext } from '../context.ts'

/** So long changes are kept, and so many bytes of them: who comes back later has to list again. */
const KEPT_HOURS = 24
const KEPT_BYTES = 128 * 1024 * 1024

/** Others write in between. */
const AT_ONCE = 200

/** Deletes what the log of changes need not have any longer, in small steps. */
export async function compactChanges(
  ctx: Pick<ServiceContext, 'commits' | 'now'>,
  { hours = KEPT_HOURS, bytes = KEPT_BYTES }: { hours?: number; bytes?: number } = {},
): Promise<void> {
  const since = new Date(ctx.now().getTime() - hours * 60 * 60 * 1000).toISOString()
  const step = () => ctx.commits.run((transaction) => pruneChanges(transaction, { since, bytes }, AT_ONCE))
  while (await step()) await setImmediate()
}
