/** The interface to tracing; the exporter is only loaded if traces are configured. */
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { clean } from '../domain/audit/clean.ts'
import { loggedPath } from './request-path.ts'

export type Attributes = Record<string, string | number>

export type Span = {
  rename: (name: string) => void
  set: (attributes: Attributes) => void
  fail: () => void
}

export type Tracing = {
  /** Runs work in a span, which is the parent of the spans within. `parent`: value of a `traceparent` header. */
  inSpan: <T>(
    name: string,
    work: (span: Span) => Promise<T>,
    options?: { server?: boolean; parent?: string | undefined },
  ) => Promise<T>
  /** Records a span of the given seconds that ends now. */
  record: (name: string, seconds: number, attributes: Attributes) => void
  /** Exports pending spans. */
  close: () => Promise<void>
}

const NO_SPAN: Span = { rename: () => undefined, set: () => undefined, fail: () => undefined }

export const NO_TRACING: Tracing = {
  inSpan: (_, work) => work(NO_SPAN),
  record: () => undefined,
  close: async () => undefined,
}

/** Traces each request, within the span of the client if it sends one: https://www.w3.org/TR/trace-context/ */
export function traced(tracing: Tracing): MiddlewareHandler {
  return async function traced(c, next) {
    const { method } = c.req
    const options = { server: true, parent: c.req.header('traceparent') }
    await tracing.inSpan(
      method,
      async (span) => {
        await next()
        const { status } = c.res
        span.rename(`${method} ${routePath(c)}`)
        span.set({
          'http.request.method': method,
          'http.route': routePath(c),
          'http.response.status_code': status,
          'url.path': loggedPath(c),
          'pkgserver.request_id': clean(c.get('requestId')) ?? '',
        })
        if (status >= 500) span.fail()
      },
      options,
    )
  }
}
