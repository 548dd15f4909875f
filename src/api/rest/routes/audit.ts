import { OpenAPIHono } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { server } from '../../../http/scope.ts'
import { respondStream } from '../../../http/stream-response.ts'
import { exportAudit, listAuditRecords } from '../../../service/audit/query.ts'
import { verifyAudit } from '../../../service/audit/verify.ts'
import { defineRoute } from '../../route.ts'
import { preferredType } from '../accept.ts'
import type { Api } from '../api.ts'
import { problem, respondProblem } from '../problem.ts'
import {
  auditListSchema,
  auditQuery,
  auditRecordSchema,
  auditVerificationRequestSchema,
  auditVerificationSchema,
} from '../schemas/audit.ts'
import { noQuery, splitQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'

const tags = ['Audit']
const NDJSON = 'application/x-ndjson'

const list = defineRoute({
  method: 'get',
  path: '/audit',
  operationId: 'listAuditRecords',
  operation: { needs: { 'server.audit': server }, load: 'list', writesDisk: false },
  summary: 'List the records of the audit log',
  description:
    'A page, the newest first. With `Accept: application/x-ndjson` the response has all records up to now, the oldest first, one a line, and ignores `limit` and `continue`: to continue an export later, send the number of its last record as `since`. Reading the log is recorded, too.',
  tags,
  request: { query: auditQuery },
  responses: {
    200: {
      description: 'Records of the audit log.',
      content: {
        'application/json': { schema: auditListSchema },
        [NDJSON]: { schema: auditRecordSchema },
      },
    },
    ...readErrors(406),
  },
})

const verification = defineRoute({
  method: 'post',
  path: '/audit/verifications',
  operationId: 'verifyAudit',
  operation: { needs: { 'server.audit': server }, load: 'list', writesDisk: false },
  summary: 'Verify the audit log',
  description:
    'Computes the hash of each record, and compares the log with the heads that the registry has, and with those of the request.',
  tags,
  request: { query: noQuery, body: jsonBody(auditVerificationRequestSchema) },
  responses: { 200: json(auditVerificationSchema, 'What is changed or missing.'), ...writeErrors(415) },
})

export function auditRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const wanted = preferredType(c.req.header('Accept'), NDJSON)
    if (wanted === undefined)
      return respondProblem(
        c,
        problem('not_acceptable', `Accept must allow application/json or ${NDJSON}`),
      ) as never
    c.header('Vary', 'Accept')
    if (wanted !== NDJSON) return c.json(await listAuditRecords(ctx, actorOf(c), filter, page), 200)
    c.header('Content-Type', NDJSON)
    return respondStream(c, await exportAudit(ctx, actorOf(c), filter)) as never
  })

  app.openapi(verification, async (c) => {
    const { heads = [] } = c.req.valid('json')
    return c.json(await verifyAudit(ctx, heads), 200)
  })

  return app
}
