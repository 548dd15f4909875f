import { currentResourceVersion } from '../database/counters.ts'
import type { ServiceContext } from './context.ts'

export type Readiness = { database: 'ok' | 'failed'; registry: 'ok' | 'failed' }

/** Whether what every use case needs answers. */
export async function readiness(ctx: ServiceContext): Promise<Readiness> {
  const [database, registry] = await Promise.all([
    outcome(currentResourceVersion(ctx.db)),
    outcome(ctx.registry.ping()),
  ])
  return { database, registry }
}

async function outcome(check: Promise<unknown>): Promise<'ok' | 'failed'> {
  return check.then(
    () => 'ok',
    () => 'failed',
  )
}
