import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { actorOf } from '../../../http/access.ts'
import { AN_ACCOUNT } from '../../../http/scope.ts'
import { isPrincipal } from '../../../service/access/actor.ts'
import { endSession } from '../../../service/login/end-session.ts'
import { listSessions } from '../../../service/login/list-sessions.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { userName } from '../schemas/account.ts'
import { noQuery, pageQuery } from '../schemas/common.ts'
import { writeErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'
import { sessionListSchema, toSessionView } from '../schemas/session.ts'

const tags = ['Accounts']
const READS: DeclaredOperation = { needs: AN_ACCOUNT, load: 'list', writesDisk: false }

const list = defineRoute({
  method: 'get',
  path: '/sessions',
  operationId: 'listSessions',
  operation: READS,
  summary: 'List the own sessions',
  description: 'The oldest first. A session begins when a person logs in with a browser.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(sessionListSchema, 'sessions'),
})

const listOfUser = defineRoute({
  method: 'get',
  path: '/users/{name}/sessions',
  operationId: 'listUserSessions',
  operation: READS,
  summary: 'List the sessions of a user',
  description: 'For admins of the server.',
  tags,
  request: { params: z.strictObject({ name: userName }), query: z.strictObject(pageQuery) },
  responses: listed(sessionListSchema, 'sessions', 404),
})

const end = defineRoute({
  method: 'delete',
  path: '/sessions/{id}',
  operationId: 'endSession',
  operation: { needs: AN_ACCOUNT, load: 'write', writesDisk: false },
  summary: 'End a session',
  description:
    'An own one, or as an admin of the server that of a user. The next request with it is refused.',
  tags,
  request: {
    params: z.strictObject({ id: z.string().max(100).openapi({ description: 'Id of the session.' }) }),
    query: noQuery,
  },
  responses: { 204: { description: 'Ended.' }, ...writeErrors(404) },
})

export function sessionRoutes({ ctx, access }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const page = await listSessions(ctx, access, actorOf(c), undefined, c.req.valid('query'))
    return c.json(viewOf(c, page), 200)
  })

  app.openapi(listOfUser, async (c) => {
    const { name } = c.req.valid('param')
    const page = await listSessions(ctx, access, actorOf(c), name, c.req.valid('query'))
    return c.json(viewOf(c, page), 200)
  })

  app.openapi(end, async (c) => {
    await endSession(access, actorOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })

  return app
}

function viewOf(c: Context, page: Awaited<ReturnType<typeof listSessions>>) {
  const actor = actorOf(c)
  const current = isPrincipal(actor) ? actor.session?.id : undefined
  return { ...page, items: page.items.map((session) => toSessionView(session, current)) }
}
