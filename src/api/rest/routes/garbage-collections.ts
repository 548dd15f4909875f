import { OpenAPIHono } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { collectGarbage } from '../../../service/maintenance/collect-garbage.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { garbageReportSchema, garbageRequestSchema } from '../schemas/garbage.ts'
import { writeErrors } from '../schemas/problem.ts'

const collect = defineRoute({
  method: 'post',
  path: '/garbage-collections',
  operationId: 'collectGarbage',
  operation: { needs: { 'server.operate': server }, load: 'none', writesDisk: false },
  summary: 'Collect garbage in the registry',
  description:
    'Removes untagged manifests that no revision and no other manifest references, and blobs that no manifest references, if they are older than the grace period. Pushes and pulls go on meanwhile. The response is 409 `not_available` if the artifacts are in an external registry.',
  tags: ['Operations'],
  request: { query: noQuery, body: jsonBody(garbageRequestSchema) },
  responses: { 200: json(garbageReportSchema, 'What was removed.'), ...writeErrors(409, 415) },
})

export function garbageCollectionRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(collect, async (c) => {
    const { dryRun = false } = c.req.valid('json')
    return c.json(await collectGarbage(ctx, actorOf(c), { dryRun }), 200)
  })
  return app
}
