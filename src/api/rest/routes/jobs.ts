import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { askedByHandler, listOfAll } from '../../../http/scope.ts'
import { cancelJob, getJob, listJobItems, listJobs } from '../../../service/jobs/jobs.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { isNotModified, setETag } from '../conditional.ts'
import { noQuery, pageQuery, splitQuery } from '../schemas/common.ts'
import { ifNoneMatch } from '../schemas/exchange.ts'
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
import { changed, found, listed } from '../schemas/responses.ts'

const tags = ['Jobs']

export const jobParams = z.strictObject({
  id: z.string().openapi({ description: 'Number of the job.', example: '17' }),
})

/** The items of a job may be in any repository. */
const READS: DeclaredOperation = { needs: { read: listOfAll }, load: 'list', writesDisk: false }

const list = defineRoute({
  method: 'get',
  path: '/jobs',
  operationId: 'listJobs',
  operation: READS,
  summary: 'List jobs',
  description: 'The newest first. Finished jobs are kept for 30 days, at most 1000 of them.',
  tags,
  request: { query: z.strictObject({ kind: jobKind.optional(), state: jobState.optional(), ...pageQuery }) },
  responses: listed(jobListSchema, 'jobs'),
})

const get = defineRoute({
  method: 'get',
  path: '/jobs/{id}',
  operationId: 'getJob',
  operation: READS,
  summary: 'Get a job',
  description: '`counts` shows its progress.',
  tags,
  request: { params: jobParams, query: noQuery, headers: ifNoneMatch },
  responses: found(jobSchema, 'The job.'),
})

const items = defineRoute({
  method: 'get',
  path: '/jobs/{id}/items',
  operationId: 'listJobItems',
  operation: READS,
  summary: 'List the items of a job',
  description: 'The state of each package, in the order of the request.',
  tags,
  request: { params: jobParams, query: z.strictObject({ state: itemState.optional(), ...pageQuery }) },
  responses: listed(jobItemListSchema, 'items', 404),
})

const cancel = defineRoute({
  method: 'post',
  path: '/jobs/{id}/cancel',
  operationId: 'cancelJob',
  operation: { needs: { draft: askedByHandler }, load: 'none', writesDisk: false },
  summary: 'Cancel a job',
  description:
    'Pending items are skipped: after the response, no more drafts are created. Created drafts are kept.',
  tags,
  request: { params: jobParams, query: noQuery },
  responses: changed(jobSchema, 'The cancelled job.', 409),
})

export function jobRoutes({ ctx, jobs }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listJobs(ctx, callerOf(c), filter, page)
    return c.json({ ...result, items: result.items.map(toJobView) }, 200)
  })

  app.openapi(get, async (c) => {
    const job = await getJob(ctx, callerOf(c), c.req.valid('param').id)
    if (isNotModified(c, job)) return c.body(null, 304)
    return c.json(toJobView(job), 200)
  })

  app.openapi(items, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listJobItems(ctx, callerOf(c), c.req.valid('param').id, filter, page)
    return c.json({ ...result, items: result.items.map(toJobItemView) }, 200)
  })

  app.openapi(cancel, async (c) => {
    const job = await cancelJob(ctx, jobs, callerOf(c), c.req.valid('param').id)
    setETag(c, job)
    return c.json(toJobView(job), 200)
  })

  return app
}
