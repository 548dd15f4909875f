import { OpenAPIHono, z } from '@hono/zod-openapi'
import { everything } from '../../../http/scope.ts'
import { listImages } from '../../../service/queries/list-images.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { continueToken, limit } from '../schemas/common.ts'
import { foundImageListSchema } from '../schemas/contained.ts'
import { json } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'

const list = defineRoute({
  method: 'get',
  path: '/images',
  operationId: 'listImages',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'Find the packages that run a container image',
  description:
    'The latest revision of each package in which a container has the image: in containers, initContainers or ephemeralContainers of any object. In the order of the images; of one image, those with the newest files first. Of a package, the first 1000 images are found, in files that validation reads.',
  tags: ['Search'],
  request: {
    query: z.strictObject({
      image: z.string().min(1).max(512).openapi({
        description:
          'An image: `nginx` finds it with any tag and digest, `nginx:1.27` with that tag, whatever its digest. `docker.io/library/nginx` is the same as `nginx`.',
        example: 'nginx:1.27',
      }),
      limit,
      continue: continueToken,
    }),
  },
  responses: { 200: json(foundImageListSchema, 'A page of images.'), ...readErrors() },
})

export function imageRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { image, limit: most, continue: token } = c.req.valid('query')
    const page = await listImages(ctx, image, { limit: most, continue: token })
    const items = page.items.map((found) => ({ image: found.reference, packageRevision: found.in }))
    return c.json({ ...page, items }, 200)
  })

  return app
}
