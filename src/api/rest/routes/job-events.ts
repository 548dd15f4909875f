import { OpenAPIHono } from '@hono/zod-openapi'
import { type SSEMessage, streamSSE } from 'hono/streaming'
import { AppError } from '../../../core/errors.ts'
import { callerOf } from '../../../http/access.ts'
import { listOfAll } from '../../../http/scope.ts'
import { type JobEvent, jobEvents } from '../../../service/jobs/events.ts'
import { getJob } from '../../../service/jobs/jobs.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { EVENT_STREAM, HEART_BEAT, lastEventId } from '../event-stream.ts'
import { noQuery } from '../schemas/common.ts'
import { toJobItemView, toJobView } from '../schemas/job.ts'
import { readErrors } from '../schemas/problem.ts'
import { jobParams } from './jobs.ts'

const events = defineRoute({
  method: 'get',
  path: '/jobs/{id}/events',
  operationId: 'followJob',
  operation: { needs: { read: listOfAll }, load: 'none', writesDisk: false },
  summary: 'Follow a job',
  description:
    'Streams server-sent events, from the first or after `Last-Event-ID`: an `item` event with each item that has ended, and finally `finished` with the job, which ends the stream. Events are numbered from 1 without gaps. When the server stops, the stream ends without `finished`: browsers reconnect by themselves and resume.',
  tags: ['Jobs'],
  request: {
    params: jobParams,
    query: noQuery,
    headers: lastEventId,
  },
  responses: {
    200: {
      description: 'The events.',
      content: {
        [EVENT_STREAM]: {
          schema: {
            description: 'Each event has an id, a type (`item` or `finished`), and an item or a job as JSON.',
            example: 'event: item\ndata: {"index": 0, "state": "Succeeded"}\nid: 1\n\n',
          },
        },
      },
    },
    204: { description: 'The client has seen all events of a finished job, and must not reconnect.' },
    ...readErrors(404),
  },
})

export function jobEventRoutes({ ctx, jobs, streams }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(events, async (c) => {
    const { id } = c.req.valid('param')
    const after = Number(c.req.valid('header')['Last-Event-ID'] ?? 0)
    const job = await getJob(ctx, callerOf(c), id)
    if (after > job.events)
      throw new AppError('invalid', `Last-Event-ID: the job ${id} has had no event ${after} yet`)
    // https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
    if (job.state !== 'Running' && after === job.events) return c.body(null, 204)
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': EVENT_STREAM })
    return streamSSE(c, async (stream) => {
      const rights = streams.begin(callerOf(c))
      const gone = new AbortController()
      stream.onAbort(() => gone.abort())
      const signal = AbortSignal.any([gone.signal, jobs.drained])
      try {
        // Backpressure: a write waits for the client, so events are read only as fast as the client reads them.
        for await (const event of jobEvents(ctx, jobs, id, { after, stream: rights, signal })) {
          const message = messageOf(event)
          if (message) await stream.writeSSE(message)
          else await stream.write(HEART_BEAT)
        }
      } catch (error) {
        // The response has started, so the only way to report the failure is to end it: the client reconnects.
        ctx.report(error)
      } finally {
        rights.end()
      }
    })
  })

  return app
}

function messageOf(event: JobEvent): SSEMessage | undefined {
  if (event.type === 'quiet') return undefined
  const data = event.type === 'item' ? toJobItemView(event.item) : toJobView(event.job)
  return { event: event.type, id: String(event.id), data: JSON.stringify(data) }
}
