import { OpenAPIHono } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { showReview } from '../../../service/review/show-review.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery } from '../schemas/common.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'
import { reviewAnswerSchema, toReviewView } from '../schemas/review.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const get = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/review',
  operationId: 'getReview',
  operation: { needs: { read: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Get the review of a revision',
  description:
    'Each rule of the review policies, by whom it is met and what is missing; all votes, also void ones; and whether a vote of the caller would count. For callers who may read drafts of the package.',
  tags: ['Lifecycle'],
  request: { params: revisionParams, query: noQuery },
  responses: { 200: json(reviewAnswerSchema, 'The review.'), ...readErrors(404) },
})

export function reviewRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(get, async (c) => {
    const review = await showReview(ctx, callerOf(c), c.req.valid('param').name)
    return c.json(toReviewView(review), 200)
  })

  return app
}
