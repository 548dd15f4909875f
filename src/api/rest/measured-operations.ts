import type { MiddlewareHandler } from 'hono'
import type { Tracing } from '../../http/tracing.ts'

/** In seconds; `outcome` is `refused` for errors of the client. */
export type OnOperation = (id: string, outcome: 'done' | 'refused' | 'failed', seconds: number) => void

/** Reports each operation when it has ended, and traces it as a span. */
export function measuredOperations(onOperation: OnOperation, tracing: Tracing): MiddlewareHandler {
  return async function measuredOperations(c, next) {
    const id = c.get('operation')?.id
    if (id === undefined) return next()
    const start = performance.now()
    await tracing.inSpan(id, next)
    const { status } = c.res
    const outcome = status < 400 ? 'done' : status < 500 ? 'refused' : 'failed'
    onOperation(id, outcome, (performance.now() - start) / 1000)
  }
}
