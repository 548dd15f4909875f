import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../../errors.ts'
import { readErrors } from '../schemas/problem.ts'
import { revisionParams } from './package-revisions.ts'

const diff = createRoute({
  method: 'get',
  path: '/packagerevisions/{name}/diff',
  operationId: 'diffPackageRevision',
  summary: 'Compare with another revision',
  description: 'Not available in this version: answers 501.',
  tags: ['Package revisions'],
  request: {
    params: revisionParams,
    query: z.strictObject({
      against: z.string().optional().openapi({
        description: 'Name of a revision, `upstream` or `previous`.',
        example: 'previous',
      }),
    }),
  },
  responses: readErrors(501),
})

export function diffRoutes(): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(diff, () => {
    throw new AppError('not_implemented', 'diff is not available in this version of pkgserver')
  })
  return app
}
