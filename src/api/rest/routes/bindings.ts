import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import { createBinding } from '../../../service/accounts/create-binding.ts'
import { deleteBinding } from '../../../service/accounts/delete-binding.ts'
import { getBinding, listBindings } from '../../../service/accounts/list-bindings.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { bindingListSchema, bindingSchema, newBindingSchema, toBindingView } from '../schemas/binding.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'

const tags = ['Accounts']
const params = z.strictObject({ id: z.string().max(100).openapi({ description: 'Id of the binding.' }) })
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: AN_ACCOUNT, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/bindings',
  operationId: 'createBinding',
  operation: WRITES,
  summary: 'Give a role',
  description:
    'Bindings only add rights. The caller needs the permission `admin` for all of the repositories, and each permission of the role there; for a role of the server, `server.admin`.',
  tags,
  request: { query: noQuery, body: jsonBody(newBindingSchema) },
  responses: { 201: json(bindingSchema, 'Created.', 'Location'), ...writeErrors(404, 409, 415) },
})

const list = defineRoute({
  method: 'get',
  path: '/bindings',
  operationId: 'listBindings',
  operation: READS,
  summary: 'List bindings',
  description: 'Those of repositories that the caller administers, the oldest first; auditors see all.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(bindingListSchema, 'bindings'),
})

const get = defineRoute({
  method: 'get',
  path: '/bindings/{id}',
  operationId: 'getBinding',
  operation: READS,
  summary: 'Get a binding',
  tags,
  request: { params, query: noQuery },
  responses: { 200: json(bindingSchema, 'The binding.'), ...readErrors(404) },
})

const remove = defineRoute({
  method: 'delete',
  path: '/bindings/{id}',
  operationId: 'deleteBinding',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Take a role away',
  description: 'Holds at once. Refused with 409 for the binding of the last admin of the server.',
  tags,
  request: { params, query: noQuery },
  responses: { 204: { description: 'Deleted.' }, ...writeErrors(404, 409) },
})

export function bindingRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const binding = await createBinding(access, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${binding.id}`)
    return c.json(toBindingView(binding), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listBindings(ctx, access, actorOf(c), c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toBindingView) }, 200)
  })

  app.openapi(get, async (c) =>
    c.json(toBindingView(await getBinding(access, actorOf(c), c.req.valid('param').id)), 200),
  )

  app.openapi(remove, async (c) => {
    await deleteBinding(access, actorOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })

  return app
}
