import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { listOfAll } from '../../../http/scope.ts'
import { listImages } from '../../../service/queries/list-images.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { pageQuery, splitQuery } from '../schemas/common.ts'
import { foundImageListSchema } from '../schemas/contained.ts'
import { listed } from '../schemas/responses.ts'

const list = defineRoute({
  method: 'get',
  path: '/images',
  operationId: 'listImages',
  operation: { needs: { read: listOfAll }, load: 'list', writesDisk: false },
  summary: 'Find packages that use a container image',
  description:
    'Lists the latest revision of each package that has the image in containers, initContainers or ephemeralContainers of any object. Sorted by image; revisions with the same image by the age of their files, the newest first. At most 1000 images of a package are indexed, from the files that validation reads.',
  tags: ['Search'],
  request: {
    query: z.strictObject({
      image: z.string().min(1).max(512).openapi({
        description:
          'The image: `nginx` matches any tag and digest, `nginx:1.27` that tag with any digest. `docker.io/library/nginx` is the same as `nginx`.',
        example: 'nginx:1.27',
      }),
      ...pageQuery,
    }),
  },
  responses: listed(foundImageListSchema, 'images'),
})

export function imageRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listImages(ctx, callerOf(c), filter.image, page)
    const items = result.items.map(({ reference, in: packageRevision }) => ({
      image: reference,
      packageRevision,
    }))
    return c.json({ ...result, items }, 200)
  })

  return app
}
