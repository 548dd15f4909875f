import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { getUser, listUsers } from '../../../service/accounts/list-users.ts'
import { updateUser } from '../../../service/accounts/update-user.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { toUserView, userListSchema, userName, userPatchSchema, userSchema } from '../schemas/account.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, mergePatchBody } from '../schemas/exchange.ts'
import { changed, found, listed } from '../schemas/responses.ts'

const tags = ['Accounts']
const params = z.strictObject({ name: userName })

const list = defineRoute({
  method: 'get',
  path: '/users',
  operationId: 'listUsers',
  operation: { needs: { 'server.audit': server }, load: 'list', writesDisk: false },
  summary: 'List users',
  description: 'Sorted by name. A user is known after the first login.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(userListSchema, 'users'),
})

const get = defineRoute({
  method: 'get',
  path: '/users/{name}',
  operationId: 'getUser',
  operation: { needs: { 'server.audit': server }, load: 'none', writesDisk: false },
  summary: 'Get a user',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(userSchema, 'The user.'),
})

const update = defineRoute({
  method: 'patch',
  path: '/users/{name}',
  operationId: 'updateUser',
  operation: { needs: { 'server.admin': server }, load: 'write', writesDisk: true },
  summary: 'Disable a user, or enable one again',
  description: 'Sessions and tokens of a disabled user end at once.',
  tags,
  request: { params, query: noQuery, headers: ifMatch, body: mergePatchBody(userPatchSchema, 'UserPatch') },
  responses: changed(userSchema, 'Updated.', 409, 412, 415, 428),
})

export function userRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const page = await listUsers(ctx, access, actorOf(c), c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toUserView) }, 200)
  })

  app.openapi(get, async (c) => {
    const user = await getUser(access, actorOf(c), c.req.valid('param').name)
    if (isNotModified(c, user)) return c.body(null, 304)
    return c.json(toUserView(user), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const patch = jsonOf(c, userPatchSchema)
    const user = await updateUser(access, actorOf(c), name, patch, requiredPrecondition(c))
    setETag(c, user)
    return c.json(toUserView(user), 200)
  })

  return app
}
