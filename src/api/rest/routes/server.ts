import { OpenAPIHono, z } from '@hono/zod-openapi'
import { NOTHING } from '../../../http/scope.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'

const ANYONE: DeclaredOperation = { needs: NOTHING, load: 'none', writesDisk: false }

const serverSchema = z
  .strictObject({
    version: z.string().openapi({ description: 'Version of the server.', example: '0.1.0' }),
    access: z.enum(['open', 'required']).openapi({
      description:
        '`open`: every caller may do everything, and no credentials are looked at. `required`: callers need rights.',
      example: 'required',
    }),
  })
  .openapi('Server')

const getServer = defineRoute({
  method: 'get',
  path: '/',
  operationId: 'getServer',
  operation: ANYONE,
  summary: 'Get facts about the server',
  tags: ['Operations'],
  responses: { 200: json(serverSchema, 'The server.'), ...readErrors() },
})

export function serverRoutes({ access, version }: Api): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(getServer, async (c) => {
    const { open } = await access.policy()
    return c.json({ version, access: open ? ('open' as const) : ('required' as const) }, 200)
  })
  return app
}
