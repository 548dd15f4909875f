import { OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../../core/errors.ts'
import { parsePattern } from '../../../domain/access/pattern.ts'
import { type Permission, REPOSITORY_PERMISSIONS } from '../../../domain/access/permission.ts'
import { callerOf } from '../../../http/access.ts'
import { A_CALLER } from '../../../http/scope.ts'
import { can, type Target } from '../../../service/access/policy.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import { accessAnswerSchema, pattern, permission, toWhoamiView, whoamiSchema } from '../schemas/access.ts'
import { noQuery, packagePath } from '../schemas/common.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'

const tags = ['Accounts']
const OPERATION: DeclaredOperation = { needs: A_CALLER, load: 'none', writesDisk: false }

const whoami = defineRoute({
  method: 'get',
  path: '/whoami',
  operationId: 'whoami',
  operation: OPERATION,
  summary: 'Get the caller and its rights',
  tags,
  request: { query: noQuery },
  responses: { 200: json(whoamiSchema, 'The caller.'), ...readErrors() },
})

const access = defineRoute({
  method: 'get',
  path: '/access',
  operationId: 'getAccess',
  operation: OPERATION,
  summary: 'Ask whether the caller may do something',
  description: 'Says what allows it, or which permission is missing; not whether the repository exists.',
  tags,
  request: {
    query: z.strictObject({ permission, repository: pattern.optional(), package: packagePath.optional() }),
  },
  responses: { 200: json(accessAnswerSchema, 'The answer.'), ...readErrors() },
})

export function whoamiRoutes(): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(whoami, (c) => c.json(toWhoamiView(callerOf(c)), 200))

  app.openapi(access, (c) => {
    const { permission: asked, ...place } = c.req.valid('query')
    const { policy, actor } = callerOf(c)
    return c.json(can(policy, actor, asked, targetOf(asked, place)), 200)
  })

  return app
}

function targetOf(
  asked: Permission,
  { repository, package: path }: { repository?: string | undefined; package?: string | undefined },
): Target {
  if (!REPOSITORY_PERMISSIONS.some((each) => each === asked)) {
    if (repository === undefined && path === undefined) return 'server'
    throw new AppError('invalid', `${asked} is not for repositories: leave repository and package out`)
  }
  if (repository === undefined) {
    throw new AppError('invalid', `${asked} is for repositories: name one, or a pattern such as team-*`)
  }
  return path === undefined ? parsePattern(repository) : { repository, package: path }
}
