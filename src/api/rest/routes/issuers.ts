import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { createIssuer, deleteIssuer, replaceIssuer } from '../../../service/accounts/change-issuers.ts'
import { getIssuer, listIssuers } from '../../../service/accounts/list-issuers.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, jsonBody } from '../schemas/exchange.ts'
import {
  issuerContentSchema,
  issuerListSchema,
  issuerName,
  issuerSchema,
  newIssuerSchema,
  toIssuerView,
} from '../schemas/federation.ts'
import { changed, created, deleted, found, listed } from '../schemas/responses.ts'

const tags = ['Accounts']
const params = z.strictObject({ name: issuerName })
const READS: DeclaredOperation = { needs: { 'server.admin': server }, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: { 'server.admin': server }, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/issuers',
  operationId: 'createIssuer',
  operation: WRITES,
  summary: 'Create an issuer',
  description:
    'A service whose tokens the server verifies: GitHub, GitLab, a Kubernetes cluster. They are good for nothing until a service account has a trust in it.',
  tags,
  request: { query: noQuery, body: jsonBody(newIssuerSchema) },
  responses: created(issuerSchema, 409, 415),
})

const list = defineRoute({
  method: 'get',
  path: '/issuers',
  operationId: 'listIssuers',
  operation: READS,
  summary: 'List issuers',
  description: 'Sorted by name.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(issuerListSchema, 'issuers'),
})

const get = defineRoute({
  method: 'get',
  path: '/issuers/{name}',
  operationId: 'getIssuer',
  operation: READS,
  summary: 'Get an issuer',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(issuerSchema, 'The issuer.'),
})

const replace = defineRoute({
  method: 'put',
  path: '/issuers/{name}',
  operationId: 'replaceIssuer',
  operation: WRITES,
  summary: 'Replace an issuer',
  description: 'Replaces all but the name. The tokens that were given for those of the issuer end.',
  tags,
  request: { params, query: noQuery, headers: ifMatch, body: jsonBody(issuerContentSchema) },
  responses: changed(issuerSchema, 'Replaced.', 409, 412, 415, 428),
})

const remove = defineRoute({
  method: 'delete',
  path: '/issuers/{name}',
  operationId: 'deleteIssuer',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Delete an issuer',
  description: 'Deletes the trusts in it too. The tokens that were given by these end at once.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: deleted(409),
})

export function issuerRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const issuer = await createIssuer(access, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${issuer.name}`)
    setETag(c, issuer)
    return c.json(toIssuerView(issuer), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listIssuers(ctx, access, actorOf(c), c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toIssuerView) }, 200)
  })

  app.openapi(get, async (c) => {
    const issuer = await getIssuer(access, actorOf(c), c.req.valid('param').name)
    if (isNotModified(c, issuer)) return c.body(null, 304)
    return c.json(toIssuerView(issuer), 200)
  })

  app.openapi(replace, async (c) => {
    const given = { name: c.req.valid('param').name, ...c.req.valid('json') }
    const issuer = await replaceIssuer(access, actorOf(c), given, requiredPrecondition(c))
    setETag(c, issuer)
    return c.json(toIssuerView(issuer), 200)
  })

  app.openapi(remove, async (c) => {
    await deleteIssuer(access, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app
}
