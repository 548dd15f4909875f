import { OpenAPIHono } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { verify } from '../../../service/maintenance/verify/verify.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { writeErrors } from '../schemas/problem.ts'
import { verificationRequestSchema, verificationSchema } from '../schemas/verification.ts'

const verification = defineRoute({
  method: 'post',
  path: '/verifications',
  operationId: 'verify',
  operation: { needs: { 'server.operate': server }, load: 'write', writesDisk: true },
  summary: 'Compare index and registry',
  description:
    'Compares each revision in the index with its manifest, tags and records in the registry, and reads all content back. Reads and writes go on meanwhile; a package is locked only while it is compared. Content that the embedded registry has cached in memory is not read from the disk: for that, run `pkgserver verify` while the server is stopped.',
  tags: ['Operations'],
  request: { query: noQuery, body: jsonBody(verificationRequestSchema) },
  responses: { 200: json(verificationSchema, 'The differences.'), ...writeErrors(415) },
})

export function verificationRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(verification, async (c) => {
    const { fix = false } = c.req.valid('json')
    return c.json(await verify(ctx, actorOf(c), { fix }), 200)
  })
  return app
}
