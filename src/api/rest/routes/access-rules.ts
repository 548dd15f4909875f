import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { AccessChange } from '../../../domain/access/access-rules.ts'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { accessRules, replaceAccessRules } from '../../../service/accounts/access-rules.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { serviceAccountName, serviceAccountRuleSchema } from '../schemas/account.ts'
import { newBindingSchema } from '../schemas/binding.ts'
import { flag, noQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { changedTrustSchema, issuerName, newIssuerSchema, trustRuleSchema } from '../schemas/federation.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { reviewPolicyName, reviewPolicyRuleSchema } from '../schemas/review.ts'

const tags = ['Accounts']

const rulesSchema = z
  .strictObject({
    serviceAccounts: z.array(serviceAccountRuleSchema).openapi({ description: 'All service accounts.' }),
    bindings: z.array(newBindingSchema).openapi({ description: 'All bindings.' }),
    issuers: z.array(newIssuerSchema).openapi({ description: 'All issuers.' }),
    trusts: z.array(trustRuleSchema).openapi({ description: 'All trusts.' }),
    reviewPolicies: z.array(reviewPolicyRuleSchema).openapi({ description: 'All review policies.' }),
  })
  .openapi('AccessRules', {
    description: 'All rules of access of the server, as `pkgserver access` has them in a file.',
  })

const changesSchema = z
  .strictObject({
    changes: z
      .array(
        z.strictObject({
          change: z
            .enum(['created', 'updated', 'deleted'])
            .openapi({ description: 'What was done, or would be.', example: 'created' }),
          serviceAccount: serviceAccountName.optional(),
          binding: newBindingSchema.optional(),
          issuer: issuerName.optional(),
          trust: changedTrustSchema.optional(),
          reviewPolicy: reviewPolicyName.optional(),
        }),
      )
      .openapi({ description: 'What differs.' }),
  })
  .openapi('AccessChanges')

const get = defineRoute({
  method: 'get',
  path: '/accessrules',
  operationId: 'getAccessRules',
  operation: { needs: { 'server.audit': server }, load: 'list', writesDisk: false },
  summary: 'Get all rules of access',
  tags,
  request: { query: noQuery },
  responses: { 200: json(rulesSchema, 'The rules.'), ...readErrors() },
})

const replace = defineRoute({
  method: 'put',
  path: '/accessrules',
  operationId: 'replaceAccessRules',
  operation: { needs: { 'server.admin': server }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Replace all rules of access',
  description:
    'All or nothing. Those that the rules do not have are deleted, service accounts with their tokens. Takes the role `admin`, and refuses with 409 to leave the server without an admin.',
  tags,
  request: {
    query: z.strictObject({ dryRun: flag('If true, changes nothing, and says what it would change.') }),
    body: jsonBody(rulesSchema),
  },
  responses: { 200: json(changesSchema, 'What has changed.'), ...writeErrors(404, 409, 415) },
})

export function accessRulesRoutes({ access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(get, async (c) => c.json(await accessRules(access, actorOf(c)), 200))

  app.openapi(replace, async (c) => {
    const { dryRun = false } = c.req.valid('query')
    const changes = await replaceAccessRules(access, actorOf(c), c.req.valid('json'), { dryRun })
    return c.json({ changes: changes.map(toChangeView) }, 200)
  })

  return app
}

function toChangeView(change: AccessChange): z.output<typeof changesSchema>['changes'][number] {
  if (!('binding' in change)) return change
  const { subject, role, repositories } = change.binding
  return { change: change.change, binding: { subject, role, repositories: [...repositories] } }
}
