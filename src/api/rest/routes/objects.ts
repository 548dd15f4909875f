import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { listOfAll } from '../../../http/scope.ts'
import { listObjects } from '../../../service/queries/list-objects.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { latest, pageQuery, splitQuery } from '../schemas/common.ts'
import { foundObjectListSchema, toFoundObjectView } from '../schemas/contained.ts'
import { listed } from '../schemas/responses.ts'

function objectField(description: string, example: string) {
  return z.string().max(512).optional().openapi({ description, example })
}

const list = defineRoute({
  method: 'get',
  path: '/objects',
  operationId: 'listObjects',
  operation: { needs: { read: listOfAll }, load: 'list', writesDisk: false },
  summary: 'Find KRM objects in package revisions',
  description:
    'Lists every occurrence of the matching objects. Objects inside a list, of the kind `List` or `ConfigMapList` for instance, are objects of the package, and the list is none unless it is empty. Sorted by object; occurrences of the same object by the age of their files, the newest first. At least one of apiVersion, kind, namespace and name is required. At most 5000 objects of a package are indexed, from the files that validation reads.',
  tags: ['Search'],
  request: {
    query: z.strictObject({
      apiVersion: objectField('apiVersion of the object.', 'apps/v1'),
      kind: objectField('Kind of the object.', 'Deployment'),
      namespace: objectField('Namespace of the object; empty for objects without one.', 'core'),
      name: objectField('Name of the object.', 'upf'),
      latest,
      ...pageQuery,
    }),
  },
  responses: listed(foundObjectListSchema, 'objects'),
})

export function objectRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listObjects(ctx, callerOf(c), filter, page)
    return c.json({ ...result, items: result.items.map(toFoundObjectView) }, 200)
  })

  return app
}
