import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import { createServiceAccount } from '../../../service/accounts/create-service-account.ts'
import { deleteServiceAccount } from '../../../service/accounts/delete-service-account.ts'
import { getServiceAccount, listServiceAccounts } from '../../../service/accounts/list-service-accounts.ts'
import { updateServiceAccount } from '../../../service/accounts/update-service-account.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import {
  newServiceAccountSchema,
  serviceAccountListSchema,
  serviceAccountName,
  serviceAccountPatchSchema,
  serviceAccountSchema,
  toServiceAccountView,
} from '../schemas/account.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, jsonBody, mergePatchBody } from '../schemas/exchange.ts'
import { changed, created, deleted, found, listed } from '../schemas/responses.ts'

const tags = ['Accounts']
const params = z.strictObject({ name: serviceAccountName })
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: AN_ACCOUNT, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/serviceaccounts',
  operationId: 'createServiceAccount',
  operation: WRITES,
  summary: 'Create a service account',
  description: 'It has no rights yet. Takes the permission `admin` for its scope.',
  tags,
  request: { query: noQuery, body: jsonBody(newServiceAccountSchema) },
  responses: created(serviceAccountSchema, 409, 415),
})

const list = defineRoute({
  method: 'get',
  path: '/serviceaccounts',
  operationId: 'listServiceAccounts',
  operation: READS,
  summary: 'List service accounts',
  description: 'Those that the caller manages, sorted by name; auditors see all.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(serviceAccountListSchema, 'service accounts'),
})

const get = defineRoute({
  method: 'get',
  path: '/serviceaccounts/{name}',
  operationId: 'getServiceAccount',
  operation: READS,
  summary: 'Get a service account',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(serviceAccountSchema, 'The service account.'),
})

const update = defineRoute({
  method: 'patch',
  path: '/serviceaccounts/{name}',
  operationId: 'updateServiceAccount',
  operation: WRITES,
  summary: 'Update a service account',
  description: 'Takes the permission `admin` for its scope, and all rights that are bound to it.',
  tags,
  request: {
    params,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(serviceAccountPatchSchema, 'ServiceAccountPatch'),
  },
  responses: changed(serviceAccountSchema, 'Updated.', 409, 412, 415, 428),
})

const remove = defineRoute({
  method: 'delete',
  path: '/serviceaccounts/{name}',
  operationId: 'deleteServiceAccount',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Delete a service account',
  description: 'Deletes its tokens and bindings too. A later account of the same name has none of them.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: deleted(409),
})

export function serviceAccountRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const account = await createServiceAccount(access, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${account.name}`)
    setETag(c, account)
    return c.json(toServiceAccountView(account), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listServiceAccounts(ctx, access, actorOf(c), c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toServiceAccountView) }, 200)
  })

  app.openapi(get, async (c) => {
    const account = await getServiceAccount(access, actorOf(c), c.req.valid('param').name)
    if (isNotModified(c, account)) return c.body(null, 304)
    return c.json(toServiceAccountView(account), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const patch = jsonOf(c, serviceAccountPatchSchema)
    const account = await updateServiceAccount(access, actorOf(c), name, patch, requiredPrecondition(c))
    setETag(c, account)
    return c.json(toServiceAccountView(account), 200)
  })

  app.openapi(remove, async (c) => {
    await deleteServiceAccount(access, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app
}
