import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import {
  createReviewPolicy,
  deleteReviewPolicy,
  getReviewPolicy,
  listReviewPolicies,
  replaceReviewPolicy,
} from '../../../service/accounts/review-policies.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, jsonBody } from '../schemas/exchange.ts'
import { changed, created, deleted, found, listed } from '../schemas/responses.ts'
import {
  newReviewPolicySchema,
  reviewPolicyListSchema,
  reviewPolicyName,
  reviewPolicySchema,
  reviewRulesBody,
  toReviewPolicyView,
} from '../schemas/review.ts'

const tags = ['Review policies']
const params = z.strictObject({ name: reviewPolicyName })
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: AN_ACCOUNT, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/reviewpolicies',
  operationId: 'createReviewPolicy',
  operation: WRITES,
  summary: 'Create a review policy',
  description:
    'Takes the permission `admin` for all of its repositories; for one that only admins of the server change, `server.admin`. It holds at once, also for open proposals.',
  tags,
  request: { query: noQuery, body: jsonBody(newReviewPolicySchema) },
  responses: created(reviewPolicySchema, 409, 415),
})

const list = defineRoute({
  method: 'get',
  path: '/reviewpolicies',
  operationId: 'listReviewPolicies',
  operation: READS,
  summary: 'List review policies',
  description:
    'All that hold only for repositories of which the caller administers some, by name; auditors see all.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(reviewPolicyListSchema, 'review policies'),
})

const get = defineRoute({
  method: 'get',
  path: '/reviewpolicies/{name}',
  operationId: 'getReviewPolicy',
  operation: READS,
  summary: 'Get a review policy',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(reviewPolicySchema, 'The review policy.'),
})

const replace = defineRoute({
  method: 'put',
  path: '/reviewpolicies/{name}',
  operationId: 'replaceReviewPolicy',
  operation: WRITES,
  summary: 'Replace a review policy',
  description:
    'Takes what it takes to create the old one, and the new one. Open proposals must meet the new one.',
  tags,
  request: { params, query: noQuery, headers: ifMatch, body: jsonBody(reviewRulesBody) },
  responses: changed(reviewPolicySchema, 'Replaced.', 409, 412, 415, 428),
})

const remove = defineRoute({
  method: 'delete',
  path: '/reviewpolicies/{name}',
  operationId: 'deleteReviewPolicy',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Delete a review policy',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: deleted(409),
})

export function reviewPolicyRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const policy = await createReviewPolicy(access, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${policy.name}`)
    setETag(c, policy)
    return c.json(toReviewPolicyView(policy), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listReviewPolicies(ctx, access, actorOf(c), c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toReviewPolicyView) }, 200)
  })

  app.openapi(get, async (c) => {
    const policy = await getReviewPolicy(access, actorOf(c), c.req.valid('param').name)
    if (isNotModified(c, policy)) return c.body(null, 304)
    return c.json(toReviewPolicyView(policy), 200)
  })

  app.openapi(replace, async (c) => {
    const input = { ...c.req.valid('json'), name: c.req.valid('param').name }
    const policy = await replaceReviewPolicy(access, actorOf(c), input, requiredPrecondition(c))
    setETag(c, policy)
    return c.json(toReviewPolicyView(policy), 200)
  })

  app.openapi(remove, async (c) => {
    await deleteReviewPolicy(access, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app
}
