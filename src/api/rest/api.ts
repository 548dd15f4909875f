import type { Context } from 'hono'
import { AppError } from '../../core/errors.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Load } from '../../http/load-shedding.ts'
import { creationScope, readingScope } from '../../http/request-scopes.ts'
import type { Actor } from '../../service/access/actor.ts'
import type { ServiceContext } from '../../service/context.ts'
import type { Discovery } from '../../service/discovery/discovery.ts'
import type { JobRunner } from '../../service/jobs/runner.ts'
import type { Watches } from '../../service/watch/watches.ts'
import type { WebhookDispatcher } from '../../service/webhooks/dispatcher.ts'

/** What the routes work with. */
export type Api = {
  ctx: ServiceContext
  jobs: JobRunner
  watches: Watches
  webhooks: WebhookDispatcher
  discovery: Discovery
  load: Load
  /** Host and port at which OCI clients find the registry: the first part of an artifact's reference. */
  registryHost: string
}

/** Throws `forbidden` unless who calls may make that. */
export async function mayCreate(c: Context, target: { repository: string; package?: string }): Promise<void> {
  const reason = await c.var.refusal(creationScope(target))
  if (reason !== undefined) throw new AppError('forbidden', reason)
}

/** Throws `forbidden` unless who calls may read that: a revision, by its name, or the revisions of a package. */
export async function mayRead(c: Context, source: string | PackageId): Promise<void> {
  const reason = await c.var.refusal(readingScope(source))
  if (reason !== undefined) throw new AppError('forbidden', reason)
}

/** Who calls. There are no users yet, so everybody is nobody. */
export function actorOf(_c: Context): Actor {
  return { name: 'anonymous' }
}
