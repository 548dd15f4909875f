import type { MiddlewareHandler } from 'hono'
import { BASE_PATH } from '../api/rest/base-path.ts'
import { problem, respondProblem } from '../api/rest/problem.ts'

const READS = ['GET', 'HEAD', 'OPTIONS']

/** What changes little or nothing, or makes room. */
const HARMLESS = new RegExp(
  `^${BASE_PATH}/(?:garbage-collections|jobs/[^/]+/cancel|packagerevisions/[^/]+/(?:propose-deletion|upgrade-preview))$`,
)

/** Refuses what would take room on the disk, as long as there is a reason for it. */
export function readOnly(refusal: () => string | undefined): MiddlewareHandler {
  return async function readOnly(c, next) {
    const { method, path } = c.req
    if (READS.includes(method) || method === 'DELETE' || HARMLESS.test(path)) return next()
    const reason = refusal()
    if (reason === undefined) return next()
    if (path.startsWith('/v2')) return c.json({ errors: [{ code: 'DENIED', message: reason }] }, 507)
    if (path.startsWith(`${BASE_PATH}/`)) return respondProblem(c, problem('insufficient_storage', reason))
    return next()
  }
}
