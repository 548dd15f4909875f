/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { z } from '@hono/zod-openapi'

export const EVENT_STREAM = 'text/event-stream'

/** A comment, so that proxies do not close an idle connection. */
export const HEART_BEAT = ': still here\n\n'

/** Sent by browsers when they reconnect. */
export const lastEventId = z.object({
  'Last-Event-ID': z
    .string()
    .regex(/^[0-9]{0,15}$/, 'must be the id of an event')
    .optional()
    .openapi({ description: 'Id of the last event that the client has seen.', example: '41' }),
})
