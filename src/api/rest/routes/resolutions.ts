import { OpenAPIHono } from '@hono/zod-openapi'
import { patternOf } from '../../../domain/access/pattern.ts'
import { authorize, callerOf } from '../../../http/access.ts'
import { askedByHandler } from '../../../http/scope.ts'
import { impactOf } from '../../../service/glasskube/impact.ts'
import { resolve } from '../../../service/glasskube/resolve.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { writeErrors } from '../schemas/problem.ts'
import { impactSchema, resolutionRequestSchema, resolutionSchema } from '../schemas/resolution.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const tags = ['Glasskube']

const resolution = defineRoute({
  method: 'post',
  path: '/resolutions',
  operationId: 'resolvePackages',
  operation: { needs: { read: askedByHandler }, load: 'read', writesDisk: false },
  summary: 'Resolve the dependencies of packages to install',
  description:
    'Says which packages are to be installed, updated and removed in a cluster, and in which versions. Changes nothing. Refused with 413 where no answer is found in a bounded number of steps.',
  tags,
  request: { query: noQuery, body: jsonBody(resolutionRequestSchema) },
  responses: { 200: json(resolutionSchema, 'The resolution.'), ...writeErrors(404, 409, 413, 415) },
})

const impact = defineRoute({
  method: 'post',
  path: '/packagerevisions/{name}/impact',
  operationId: 'assessImpact',
  operation: { needs: { read: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Find out what the publication of a version would break',
  description:
    'Tries the version together with the latest version of each Glasskube package that the caller may read, as far as both have to do with each other. Changes nothing.',
  tags,
  request: { params: revisionParams, query: noQuery },
  responses: { 200: json(impactSchema, 'The impact.'), ...writeErrors(404, 409, 413) },
})

export function resolutionRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(resolution, async (c) => {
    const request = c.req.valid('json')
    for (const repository of request.repositories)
      await authorize(c, 'read', { partOf: patternOf({ repository }) })
    return c.json(await resolve(ctx, callerOf(c), request), 200)
  })

  app.openapi(impact, async (c) => {
    return c.json(await impactOf(ctx, callerOf(c), c.req.valid('param').name), 200)
  })

  return app
}
