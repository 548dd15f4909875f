/** Traces, as far as the server has to know them: whoever exports them is elsewhere, and mostly nobody does. */
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'

export type Attributes = Record<string, string | number>

export type Span = {
  rename: (name: string) => void
  set: (attributes: Attributes) => void
  fail: () => void
}

export type Tracing = {
  /** Runs work in a span; spans of what it does are within this one. `parent` is a header `traceparent`. */
  inSpan: <T>(
    name: string,
    work: (span: Span) => Promise<T>,
    options?: { server?: boolean; parent?: string | undefined },
  ) => Promise<T>
  /** A span of so many seconds that ends now. */
  record: (name: string, seconds: number, attributes: Attributes) => void
  /** Sends what has not been sent yet. */
  close: () => Promise<void>
}

const NO_SPAN: Span = { rename: () => undefined, set: () => undefined, fail: () => undefined }

export const NO_TRACING: Tracing = {
  inSpan: (_, work) => work(NO_SPAN),
  record: () => undefined,
  close: async () => undefined,
}

/** A span for each request, within that of the client where it says so: https://www.w3.org/TR/trace-context/ */
export function traced(tracing: Tracing): MiddlewareHandler {
  return async function traced(c, next) {
    const { method, path } = c.req
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
          'url.path': path,
          'pkgserver.request_id': c.get('requestId'),
        })
        if (status >= 500) span.fail()
      },
      options,
    )
  }
}
