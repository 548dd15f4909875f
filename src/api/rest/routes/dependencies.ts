import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { dependenciesOf } from '../../../service/glasskube/dependencies.ts'
import { dependentsOf } from '../../../service/glasskube/dependents.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { flag, pageQuery, splitQuery } from '../schemas/common.ts'
import { dependenciesSchema, dependentListSchema } from '../schemas/dependencies.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'
import { packageInPath } from '../targets.ts'
import { packageParams, versionQuery } from './packages.ts'

const tags = ['Glasskube']

const dependencies = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}/dependencies',
  operationId: 'getDependencies',
  operation: { needs: { read: packageInPath }, load: 'list', writesDisk: false },
  summary: 'Get the dependencies of a version',
  description: 'Those in its package.yaml, with the versions that are published of them.',
  tags,
  request: { params: packageParams, query: versionQuery },
  responses: { 200: json(dependenciesSchema, 'The dependencies.'), ...readErrors(404, 409) },
})

const dependents = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}/dependents',
  operationId: 'listDependents',
  operation: { needs: { read: packageInPath }, load: 'list', writesDisk: false },
  summary: 'List the packages that depend on a package',
  description:
    'Sorted by repository, package and version. A package that finds another of this name in its own repository depends on that one.',
  tags,
  request: {
    params: packageParams,
    query: z.strictObject({
      all: flag('If true, all published versions of each package, and not only its latest one.'),
      ...pageQuery,
    }),
  },
  responses: listed(dependentListSchema, 'dependents', 404, 409),
})

export function dependencyRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(dependencies, async (c) => {
    const { version } = c.req.valid('query')
    return c.json(await dependenciesOf(ctx, callerOf(c), c.req.valid('param'), version), 200)
  })

  app.openapi(dependents, async (c) => {
    const {
      filter: { all = false },
      page,
    } = splitQuery(c.req.valid('query'))
    return c.json(await dependentsOf(ctx, callerOf(c), c.req.valid('param'), { all }, page), 200)
  })

  return app
}
