import { OpenAPIHono } from '@hono/zod-openapi'
import { checkValues, valuesSchema } from '../../../service/glasskube/values.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { exactJson } from '../body.ts'
import { noQuery } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { valuesRequestSchema, valuesResultSchema, valuesSchemaSchema } from '../schemas/values.ts'
import { packageInPath } from '../targets.ts'
import { packageParams, versionQuery } from './packages.ts'

const tags = ['Glasskube']

const schema = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}/values-schema',
  operationId: 'getValuesSchema',
  operation: { needs: { read: packageInPath }, load: 'read', writesDisk: false },
  summary: 'Get the values of a package as JSON Schema',
  description:
    'Made of `valueDefinitions` in its package.yaml, for forms. JSON Schema counts characters where Glasskube counts bytes, and has no bounds for numbers in strings: `values` applies all rules.',
  tags,
  request: { params: packageParams, query: versionQuery },
  responses: { 200: json(valuesSchemaSchema, 'The schema.'), ...readErrors(404, 409) },
})

const check = defineRoute({
  method: 'post',
  path: '/packages/{repository}/{package}/values',
  operationId: 'checkValues',
  operation: { needs: { read: packageInPath }, load: 'read', writesDisk: false },
  summary: 'Check values for a package',
  description: 'Returns all rules of its package.yaml that the values violate. Changes nothing.',
  tags,
  request: { params: packageParams, query: noQuery, body: jsonBody(valuesRequestSchema) },
  responses: { 200: json(valuesResultSchema, 'The result.'), ...writeErrors(404, 409, 415) },
})

export function valueRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(schema, async (c) => {
    const { version } = c.req.valid('query')
    return exactJson(c, await valuesSchema(ctx, c.req.valid('param'), version))
  })

  app.openapi(check, async (c) => {
    const { version, values } = c.req.valid('json')
    const result = await checkValues(ctx, c.req.valid('param'), version, values)
    return c.json(
      { version: result.version, valid: result.violations.length === 0, violations: result.violations },
      200,
    )
  })

  return app
}
