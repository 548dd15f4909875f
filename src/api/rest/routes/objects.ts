import { OpenAPIHono, z } from '@hono/zod-openapi'
import { everything } from '../../../http/scope.ts'
import { listObjects } from '../../../service/queries/list-objects.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { continueToken, latest, limit } from '../schemas/common.ts'
import { foundObjectListSchema, toFoundObjectView } from '../schemas/contained.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'

function objectField(description: string, example: string) {
  return z.string().max(512).optional().openapi({ description, example })
}

const list = defineRoute({
  method: 'get',
  path: '/objects',
  operationId: 'listObjects',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'Find KRM objects in package revisions',
  description:
    'Every occurrence of the objects that the query describes, in the order of the objects; of one object, those in the newest files first. At least one of apiVersion, kind, namespace and name is needed. Of a package, the first 5000 objects are found, in files that validation reads.',
  tags: ['Search'],
  request: {
    query: z.strictObject({
      apiVersion: objectField('apiVersion of the object.', 'apps/v1'),
      kind: objectField('Kind of the object.', 'Deployment'),
      namespace: objectField('Namespace of the object; empty for objects that say none.', 'core'),
      name: objectField('Name of the object.', 'upf'),
      latest,
      limit,
      continue: continueToken,
    }),
  },
  responses: { 200: json(foundObjectListSchema, 'A page of objects.'), ...readErrors() },
})

export function objectRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { limit: most, continue: token, ...filter } = c.req.valid('query')
    const page = await listObjects(ctx, filter, { limit: most, continue: token })
    return c.json({ ...page, items: page.items.map(toFoundObjectView) }, 200)
  })

  return app
}
