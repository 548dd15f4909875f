import type { Context } from 'hono'
import type { Actor, ServiceContext } from '../../service/context.ts'

/** Below it is all of the REST API. */
export const BASE_PATH = '/api/v1'

/** What the routes work with. */
export type Api = {
  ctx: ServiceContext
  /** Host and port at which OCI clients find the registry: the first part of an artifact's reference. */
  registryHost: string
}

/** Who calls. There are no users yet, so everybody is nobody. */
export function actorOf(_c: Context): Actor {
  return { name: 'anonymous' }
}
