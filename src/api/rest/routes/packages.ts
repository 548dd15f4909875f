import { OpenAPIHono, z } from '@hono/zod-openapi'
import { listPackages } from '../../../service/queries/list-packages.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { continueToken, limit, repositoryName } from '../schemas/common.ts'
import { json } from '../schemas/exchange.ts'
import { packageListSchema } from '../schemas/package.ts'
import { readErrors } from '../schemas/problem.ts'
import { packagesInQuery } from '../targets.ts'

const list = defineRoute({
  method: 'get',
  path: '/packages',
  operationId: 'listPackages',
  operation: { needs: { pull: packagesInQuery }, load: 'none', writesDisk: false },
  summary: 'List packages',
  description: 'A row for each package that has revisions, in the order of repository and path.',
  tags: ['Packages'],
  request: {
    query: z.strictObject({
      repository: repositoryName.optional(),
      q: z.string().max(256).optional().openapi({
        description:
          'Words of `<repository>/<package>`, in any case. Each part between spaces has to be there; the last word of each also as the beginning of a word.',
        example: 'upf',
      }),
      limit,
      continue: continueToken,
    }),
  },
  responses: { 200: json(packageListSchema, 'A page of packages.'), ...readErrors() },
})

export function packageRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { repository, q, ...page } = c.req.valid('query')
    return c.json(await listPackages(ctx, { repository, q }, page), 200)
  })

  return app
}
