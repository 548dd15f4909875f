import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import { createToken } from '../../../service/accounts/create-token.ts'
import type { IssuedToken } from '../../../service/accounts/issue-token.ts'
import { listTokens } from '../../../service/accounts/list-tokens.ts'
import { revokeToken } from '../../../service/accounts/revoke-token.ts'
import { rotateToken } from '../../../service/accounts/rotate-token.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { BASE_PATH } from '../base-path.ts'
import { serviceAccountName, userName } from '../schemas/account.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { writeErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'
import {
  issuedTokenSchema,
  newTokenSchema,
  revocationReason,
  rotationSchema,
  toIssuedView,
  tokenListSchema,
  toTokenView,
} from '../schemas/token.ts'

const tags = ['Accounts']
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: AN_ACCOUNT, load: 'write', writesDisk: true }

const tokenParams = z.strictObject({ id: z.string().max(100).openapi({ description: 'Id of the token.' }) })
const accountParams = z.strictObject({ name: serviceAccountName })
const userParams = z.strictObject({ name: userName })

const issued = {
  201: json(issuedTokenSchema, 'The new token, with its text.', 'Location'),
  ...writeErrors(404, 409, 415),
}

const create = defineRoute({
  method: 'post',
  path: '/tokens',
  operationId: 'createToken',
  operation: WRITES,
  summary: 'Create a token',
  description:
    'Creates a token for the own account: what it allows is what its owner may do at that moment, within its own permissions and repositories. Programs send it as `Authorization: Bearer`, or as password with any user name, to this API and to the registry.',
  tags,
  request: { query: noQuery, body: jsonBody(newTokenSchema) },
  responses: issued,
})

const list = defineRoute({
  method: 'get',
  path: '/tokens',
  operationId: 'listTokens',
  operation: READS,
  summary: 'List the own tokens',
  description: 'The oldest first. Those that have ended are listed for 90 days.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(tokenListSchema, 'tokens'),
})

const rotate = defineRoute({
  method: 'post',
  path: '/tokens/{id}/rotate',
  operationId: 'rotateToken',
  operation: WRITES,
  summary: 'Put a new token in the place of one',
  description: 'The old token ends a day later at the latest.',
  tags,
  request: { params: tokenParams, query: noQuery, body: jsonBody(rotationSchema) },
  responses: issued,
})

const revoke = defineRoute({
  method: 'delete',
  path: '/tokens/{id}',
  operationId: 'revokeToken',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Revoke a token',
  description: 'It ends at once, and stays in lists for 90 days. A token can revoke itself.',
  tags,
  request: { params: tokenParams, query: z.strictObject({ reason: revocationReason.optional() }) },
  responses: { 204: { description: 'Revoked.' }, ...writeErrors(404) },
})

const createForAccount = defineRoute({
  method: 'post',
  path: '/serviceaccounts/{name}/tokens',
  operationId: 'createServiceAccountToken',
  operation: WRITES,
  summary: 'Create a token of a service account',
  description:
    'Takes the permission `admin` for the scope of the account, and all rights that are bound to it.',
  tags,
  request: { params: accountParams, query: noQuery, body: jsonBody(newTokenSchema) },
  responses: issued,
})

const listOfAccount = defineRoute({
  method: 'get',
  path: '/serviceaccounts/{name}/tokens',
  operationId: 'listServiceAccountTokens',
  operation: READS,
  summary: 'List the tokens of a service account',
  tags,
  request: { params: accountParams, query: z.strictObject(pageQuery) },
  responses: listed(tokenListSchema, 'tokens', 404),
})

const listOfUser = defineRoute({
  method: 'get',
  path: '/users/{name}/tokens',
  operationId: 'listUserTokens',
  operation: READS,
  summary: 'List the tokens of a user',
  description: 'For auditors of the server.',
  tags,
  request: { params: userParams, query: z.strictObject(pageQuery) },
  responses: listed(tokenListSchema, 'tokens', 404),
})

export function tokenRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) =>
    respondIssued(c, await createToken(access, actorOf(c), c.req.valid('json'))),
  )

  app.openapi(list, async (c) => {
    const page = await listTokens(ctx, access, actorOf(c), undefined, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toTokenView) }, 200)
  })

  app.openapi(rotate, async (c) => {
    const { id } = c.req.valid('param')
    return respondIssued(c, await rotateToken(access, actorOf(c), id, c.req.valid('json')))
  })

  app.openapi(revoke, async (c) => {
    const { reason = null } = c.req.valid('query')
    await revokeToken(access, actorOf(c), c.req.valid('param').id, reason)
    return c.body(null, 204)
  })

  app.openapi(createForAccount, async (c) => {
    const owner = { kind: 'serviceaccount', name: c.req.valid('param').name } as const
    return respondIssued(c, await createToken(access, actorOf(c), { ...c.req.valid('json'), owner }))
  })

  app.openapi(listOfAccount, async (c) => {
    const owner = { kind: 'serviceaccount', name: c.req.valid('param').name } as const
    const page = await listTokens(ctx, access, actorOf(c), owner, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toTokenView) }, 200)
  })

  app.openapi(listOfUser, async (c) => {
    const owner = { kind: 'user', name: c.req.valid('param').name } as const
    const page = await listTokens(ctx, access, actorOf(c), owner, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toTokenView) }, 200)
  })

  return app
}

/** No cache may keep the text of a token. */
function respondIssued(c: Context, issuedToken: IssuedToken) {
  c.header('Cache-Control', 'no-store')
  c.header('Location', `${BASE_PATH}/tokens/${issuedToken.token.id}`)
  return c.json(toIssuedView(issuedToken), 201)
}
