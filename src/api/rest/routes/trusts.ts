import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import { createTrust, deleteTrust } from '../../../service/accounts/change-trusts.ts'
import { getTrust, listTrusts } from '../../../service/accounts/list-trusts.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { serviceAccountName } from '../schemas/account.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { newTrustSchema, toTrustView, trustId, trustListSchema, trustSchema } from '../schemas/federation.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'

const tags = ['Accounts']
const accountParams = z.strictObject({ name: serviceAccountName })
const params = z.strictObject({ name: serviceAccountName, id: trustId })
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: AN_ACCOUNT, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/serviceaccounts/{name}/trusts',
  operationId: 'createTrust',
  operation: WRITES,
  summary: 'Let the bearers of tokens of an issuer act as a service account',
  description:
    'Jobs and workloads then log in without a secret. Takes the permission `admin` for the scope of the account, and all rights that are bound to it. A trust needs a condition beside the issuer and the audience; in GitHub and GitLab, the id of a repository, project or owner, and an environment, or a workflow file and a ref.',
  tags,
  request: { params: accountParams, query: noQuery, body: jsonBody(newTrustSchema) },
  responses: { 201: json(trustSchema, 'Created.', 'Location'), ...writeErrors(404, 409, 415) },
})

const list = defineRoute({
  method: 'get',
  path: '/serviceaccounts/{name}/trusts',
  operationId: 'listTrusts',
  operation: READS,
  summary: 'List the trusts of a service account',
  description: 'The oldest first.',
  tags,
  request: { params: accountParams, query: z.strictObject(pageQuery) },
  responses: listed(trustListSchema, 'trusts', 404),
})

const get = defineRoute({
  method: 'get',
  path: '/serviceaccounts/{name}/trusts/{id}',
  operationId: 'getTrust',
  operation: READS,
  summary: 'Get a trust',
  tags,
  request: { params, query: noQuery },
  responses: { 200: json(trustSchema, 'The trust.'), ...readErrors(404) },
})

const remove = defineRoute({
  method: 'delete',
  path: '/serviceaccounts/{name}/trusts/{id}',
  operationId: 'deleteTrust',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Delete a trust',
  description: 'The tokens that were given by it end at once.',
  tags,
  request: { params, query: noQuery },
  responses: { 204: { description: 'Deleted.' }, ...writeErrors(404) },
})

export function trustRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const { name } = c.req.valid('param')
    const made = await createTrust(access, actorOf(c), name, c.req.valid('json'))
    c.header('Location', `${c.req.path}/${made.trust.id}`)
    return c.json(toTrustView(made), 201)
  })

  app.openapi(list, async (c) => {
    const { name } = c.req.valid('param')
    const page = await listTrusts(ctx, access, actorOf(c), name, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toTrustView) }, 200)
  })

  app.openapi(get, async (c) => {
    const { name, id } = c.req.valid('param')
    return c.json(toTrustView(await getTrust(access, actorOf(c), name, id)), 200)
  })

  app.openapi(remove, async (c) => {
    const { name, id } = c.req.valid('param')
    await deleteTrust(access, actorOf(c), name, id)
    return c.body(null, 204)
  })

  return app
}
