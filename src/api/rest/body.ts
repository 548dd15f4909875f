import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

/**
 * The validated JSON body of a route that takes other content types too. The library validates it like any other,
 * but types it only where JSON is the only one.
 */
export function jsonOf<Schema extends z.ZodType>(c: Context, _schema: Schema): z.output<Schema> {
  return c.req.valid('json' as never) as z.output<Schema>
}
