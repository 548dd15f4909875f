import type { Load } from '../../http/load-shedding.ts'
import type { AccessControl } from '../../service/access/access-control.ts'
import type { StreamRights } from '../../service/access/stream-rights.ts'
import type { ServiceContext } from '../../service/context.ts'
import type { Discovery } from '../../service/discovery/discovery.ts'
import type { JobRunner } from '../../service/jobs/runner.ts'
import type { Watches } from '../../service/watch/watches.ts'
import type { WebhookDispatcher } from '../../service/webhooks/dispatcher.ts'

/** Dependencies of the routes. */
export type Api = {
  ctx: ServiceContext
  access: AccessControl
  jobs: JobRunner
  /** Ends streams when the rights of their callers change. */
  streams: StreamRights
  watches: Watches
  webhooks: WebhookDispatcher
  discovery: Discovery
  load: Load
  /** The identity provider with which people log in. */
  providerUrl: URL | undefined
  /** Host and port at which OCI clients reach the registry: the first part of an artifact's reference. */
  registryHost: string
  /** Of this program. */
  version: string
}
