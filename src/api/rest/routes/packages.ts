import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { listPackages } from '../../../service/queries/list-packages.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { pageQuery, repositoryName, splitQuery } from '../schemas/common.ts'
import { packageListSchema } from '../schemas/package.ts'
import { listed } from '../schemas/responses.ts'
import { listInQuery } from '../targets.ts'

const list = defineRoute({
  method: 'get',
  path: '/packages',
  operationId: 'listPackages',
  operation: { needs: { read: listInQuery }, load: 'list', writesDisk: false },
  summary: 'List packages',
  description: 'Lists the packages that have revisions. Sorted by repository and path.',
  tags: ['Packages'],
  request: {
    query: z.strictObject({
      repository: repositoryName.optional(),
      q: z.string().max(256).optional().openapi({
        description:
          'Words to search for in `<repository>/<package>`, ignoring case. Every term between spaces must match; the last word of a term also matches the beginning of a word.',
        example: 'upf',
      }),
      ...pageQuery,
    }),
  },
  responses: listed(packageListSchema, 'packages'),
})

export function packageRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    return c.json(await listPackages(ctx, callerOf(c), filter, page), 200)
  })

  return app
}
