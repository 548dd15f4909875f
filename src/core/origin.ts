import { AsyncLocalStorage } from 'node:async_hooks'

/** What led to the running work: a request, or an item of a job. */
export type Origin = {
  address: string | null
  userAgent: string | null
  /** `route`: the path with names of parameters, which is known once the request is routed. */
  request: { id: string; method: string; route: string | null } | null
  job: string | null
}

const NONE: Origin = { address: null, userAgent: null, request: null, job: null }

const current = new AsyncLocalStorage<Origin>()

/** Runs work whose origin is known wherever that leads, also in transactions. */
export function withOrigin<T>(origin: Partial<Origin>, work: () => T): T {
  return current.run({ ...NONE, ...origin }, work)
}

/** The origin of the running work; all null for the server's own. */
export function currentOrigin(): Origin {
  return current.getStore() ?? NONE
}

/** Notes where the running request was routed. */
export function routed(route: string): void {
  const { request } = currentOrigin()
  if (request) request.route = route
}
