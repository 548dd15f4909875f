import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { actorOf, callerOf } from '../../../http/access.ts'
import type { Actor } from '../../../service/access/actor.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import type { ServiceContext } from '../../../service/context.ts'
import { type ApproveOptions, approve, type Reviewed } from '../../../service/review/approve.ts'
import { propose } from '../../../service/review/propose.ts'
import { proposeDeletion } from '../../../service/review/propose-deletion.ts'
import { reject } from '../../../service/review/reject.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { optionalPrecondition, setETag } from '../conditional.ts'
import { freeText, noQuery } from '../schemas/common.ts'
import { optionalIfMatch } from '../schemas/exchange.ts'
import { toPackageRevisionView } from '../schemas/package-revision.ts'
import { changed } from '../schemas/responses.ts'
import { reviewedSchema, toReviewStateView } from '../schemas/review.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const reviewSchema = z
  .strictObject({
    reason: freeText.max(4096).optional().openapi({
      description:
        'Reason for the decision, shown in the conditions of the revision. An approved deletion leaves no revision to show it.',
      example: 'replicas agreed with operations',
    }),
    digest: z
      .string()
      .regex(/^sha(256|512):[0-9a-f]+$/, 'must be a digest like sha256:…')
      .optional()
      .openapi({
        description:
          'Digest of the artifact that was reviewed. If it is not current, nothing is decided (412). Required to approve where a review policy holds.',
        example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      }),
  })
  .openapi('Review')

const approvalSchema = z
  .strictObject({
    ...reviewSchema.shape,
    bypass: z.boolean().optional().openapi({
      description:
        'If true, does without the votes that the review policies ask for. Takes a reason, and policies that allow it to the caller.',
      example: false,
    }),
  })
  .openapi('Approval')

type Verb = {
  operationId: string
  operation: DeclaredOperation
  summary: string
  description: string
  transition: (ctx: ServiceContext, actor: Actor, name: string, options: ApproveOptions) => Promise<Reviewed>
  body?: typeof reviewSchema
}

const PROPOSES: DeclaredOperation = { needs: { propose: revisionInPath }, load: 'write', writesDisk: true }
const REVIEWS: DeclaredOperation = { ...PROPOSES, needs: { review: revisionInPath } }

const VERBS: Record<string, Verb> = {
  propose: {
    operationId: 'propose',
    operation: PROPOSES,
    summary: 'Propose a draft for publication',
    description:
      'Draft to Proposed. Refused with 409, and each error with file and line, while a YAML file does not parse or a readiness gate is not met.',
    transition: async (...args) => ({ revision: await propose(...args) }),
  },
  approve: {
    operationId: 'approve',
    operation: REVIEWS,
    summary: 'Approve a proposal',
    description:
      'Proposed to Published, with the next revision number; or DeletionProposed to deleted, with the last state of the revision as the response. Where a review policy holds, it is a vote, and takes the digest: the vote that completes the review does so, others leave the revision as it is.',
    transition: approve,
    body: approvalSchema,
  },
  reject: {
    operationId: 'reject',
    operation: REVIEWS,
    summary: 'Reject a proposal',
    description: 'Proposed back to Draft, which can be edited again; or DeletionProposed back to Published.',
    transition: reject,
  },
  'propose-deletion': {
    operationId: 'proposeDeletion',
    operation: { ...PROPOSES, writesDisk: false },
    summary: 'Propose the deletion of a published revision',
    description:
      'Published to DeletionProposed. The revision keeps its tags, including `latest`, until the deletion is approved.',
    transition: async (...args) => ({ revision: await proposeDeletion(...args) }),
  },
}

/** Many clients send a Content-Type with every call, even without a body. */
const emptyBodyIsNone: MiddlewareHandler = async (c, next) => {
  if ((await c.req.text()) === '') c.req.raw.headers.delete('Content-Type')
  await next()
}

export function lifecycleRoutes({ ctx, registryHost }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  for (const [verb, { transition, body = reviewSchema, ...described }] of Object.entries(VERBS)) {
    const route = defineRoute({
      method: 'post',
      path: `/packagerevisions/{name}/${verb}`,
      ...described,
      tags: ['Lifecycle'],
      middleware: emptyBodyIsNone,
      request: {
        params: revisionParams,
        query: noQuery,
        headers: optionalIfMatch,
        body: { required: false, content: { 'application/json': { schema: body } } },
      },
      responses: changed(reviewedSchema, 'The revision in its new state.', 409, 412, 415),
    })
    app.openapi(route, async (c) => {
      const options = { ...c.req.valid('json'), precondition: optionalPrecondition(c) }
      const { revision, review } = await transition(ctx, actorOf(c), c.req.valid('param').name, options)
      setETag(c, revision)
      const view = toPackageRevisionView(revision, registryHost, visibleTo(callerOf(c)))
      return c.json({ ...view, ...(review && { review: toReviewStateView(review) }) }, 200)
    })
  }

  return app
}
