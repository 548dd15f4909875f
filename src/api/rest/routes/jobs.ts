import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { etag } from '../../../http/etag.ts'
import { everything } from '../../../http/scope.ts'
import { cancelJob, getJob, listJobItems, listJobs } from '../../../service/jobs/jobs.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { isNotModified } from '../conditional.ts'
import { continueToken, limit, noQuery } from '../schemas/common.ts'
import { ifNoneMatch, json, notModified } from '../schemas/exchange.ts'
import {
  itemState,
  jobItemListSchema,
  jobKind,
  jobListSchema,
  jobSchema,
  jobState,
  toJobItemView,
  toJobView,
} from '../schemas/job.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'

const tags = ['Jobs']

export const jobParams = z.strictObject({
  id: z.string().openapi({ description: 'Number of the job.', example: '17' }),
})

const list = defineRoute({
  method: 'get',
  path: '/jobs',
  operationId: 'listJobs',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'List jobs',
  description: 'The newest first. Finished ones are kept for 30 days, and the last 1000 of them.',
  tags,
  request: {
    query: z.strictObject({
      kind: jobKind.optional(),
      state: jobState.optional(),
      limit,
      continue: continueToken,
    }),
  },
  responses: { 200: json(jobListSchema, 'A page of jobs.'), ...readErrors() },
})

const get = defineRoute({
  method: 'get',
  path: '/jobs/{id}',
  operationId: 'getJob',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'Get a job',
  description: 'How far it is, in `counts`.',
  tags,
  request: { params: jobParams, query: noQuery, headers: ifNoneMatch },
  responses: { 200: json(jobSchema, 'The job.', 'ETag'), 304: notModified, ...readErrors(404) },
})

const items = defineRoute({
  method: 'get',
  path: '/jobs/{id}/items',
  operationId: 'listJobItems',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'List the items of a job',
  description: 'What has become of each package, in the order of the request.',
  tags,
  request: {
    params: jobParams,
    query: z.strictObject({ state: itemState.optional(), limit, continue: continueToken }),
  },
  responses: { 200: json(jobItemListSchema, 'A page of items.'), ...readErrors(404) },
})

const cancel = defineRoute({
  method: 'post',
  path: '/jobs/{id}/cancel',
  operationId: 'cancelJob',
  operation: { needs: { push: everything }, load: 'none', writesDisk: false },
  summary: 'Cancel a job',
  description:
    'Items that have not come to an end are skipped: after the answer nothing more is made. Drafts that were made stay.',
  tags,
  request: { params: jobParams, query: noQuery },
  responses: { 200: json(jobSchema, 'The job, cancelled.', 'ETag'), ...writeErrors(404, 409) },
})

export function jobRoutes({ ctx, jobs }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { kind, state, ...request } = c.req.valid('query')
    const page = await listJobs(ctx, { kind, state }, request)
    return c.json({ ...page, items: page.items.map(toJobView) }, 200)
  })

  app.openapi(get, async (c) => {
    const job = await getJob(ctx, c.req.valid('param').id)
    c.header('ETag', etag(job.resourceVersion))
    if (isNotModified(c, job.resourceVersion)) return c.body(null, 304)
    return c.json(toJobView(job), 200)
  })

  app.openapi(items, async (c) => {
    const { state, ...request } = c.req.valid('query')
    const page = await listJobItems(ctx, c.req.valid('param').id, { state }, request)
    return c.json({ ...page, items: page.items.map(toJobItemView) }, 200)
  })

  app.openapi(cancel, async (c) => {
    const job = await cancelJob(ctx, jobs, actorOf(c), c.req.valid('param').id)
    c.header('ETag', etag(job.resourceVersion))
    return c.json(toJobView(job), 200)
  })

  return app
}
