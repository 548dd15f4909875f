import { OpenAPIHono, z } from '@hono/zod-openapi'
import { NOTHING } from '../../../http/scope.ts'
import { DEVICE_PATH, LOGIN_PATH } from '../../auth/paths.ts'
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
    login: z
      .strictObject({
        issuer: z.string().openapi({
          description: 'The identity provider with which people log in.',
          example: 'https://login.example.com/',
        }),
        loginPath: z.string().openapi({
          description: 'Where a browser logs in; `?return=` is the path where it goes then.',
          example: '/auth/login',
        }),
        devicePath: z.string().openapi({
          description: 'Where a program begins a login that a person approves in the browser (RFC 8628).',
          example: '/auth/device',
        }),
      })
      .nullable()
      .openapi({ description: 'How people log in with OpenID Connect; null where they cannot.' }),
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

export function serverRoutes({ access, version, providerUrl }: Api): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(getServer, async (c) => {
    const { open } = await access.policy()
    const login =
      providerUrl && !open
        ? { issuer: providerUrl.href, loginPath: LOGIN_PATH, devicePath: DEVICE_PATH }
        : null
    return c.json({ version, access: open ? ('open' as const) : ('required' as const), login }, 200)
  })
  return app
}
