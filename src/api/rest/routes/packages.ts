import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf, callerOf } from '../../../http/access.ts'
import { updateListing } from '../../../service/glasskube/update-listing.ts'
import { getPackage } from '../../../service/queries/get-package.ts'
import { listPackages } from '../../../service/queries/list-packages.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { noQuery, packagePath, pageQuery, repositoryName, splitQuery, version } from '../schemas/common.ts'
import { json, mergePatchBody } from '../schemas/exchange.ts'
import { packageListSchema, packagePatchSchema, packageSchema } from '../schemas/package.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'
import { listInQuery, packageInPath } from '../targets.ts'

const tags = ['Packages']

const list = defineRoute({
  method: 'get',
  path: '/packages',
  operationId: 'listPackages',
  operation: { needs: { read: listInQuery }, load: 'list', writesDisk: false },
  summary: 'List packages',
  description: 'Lists the packages that have revisions. Sorted by repository and path.',
  tags,
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

export const packageParams = z.strictObject({ repository: repositoryName, package: packagePath })

export const versionQuery = z.strictObject({
  version: version.optional().openapi({ description: 'Version of the package; by default the latest.' }),
})

const get = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}',
  operationId: 'getPackage',
  operation: { needs: { read: packageInPath }, load: 'none', writesDisk: false },
  summary: 'Get a package',
  description:
    'Slashes in the path of the package may be encoded or not; they must be where its last segment is the name of something below a package, such as `graph`.',
  tags,
  request: { params: packageParams, query: noQuery },
  responses: { 200: json(packageSchema, 'The package.'), ...readErrors(404) },
})

const update = defineRoute({
  method: 'patch',
  path: '/packages/{repository}/{package}',
  operationId: 'updatePackage',
  operation: { needs: { publish: packageInPath }, load: 'write', writesDisk: true },
  summary: 'Hold back or deprecate versions of a Glasskube package',
  tags,
  request: {
    params: packageParams,
    query: noQuery,
    body: mergePatchBody(packagePatchSchema, 'PackagePatch'),
  },
  responses: { 200: json(packageSchema, 'Updated.'), ...writeErrors(404, 409, 415) },
})

export function packageRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(list, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    return c.json(await listPackages(ctx, callerOf(c), filter, page), 200)
  })

  app.openapi(get, async (c) => c.json(await getPackage(ctx, callerOf(c), c.req.valid('param')), 200))

  app.openapi(update, async (c) => {
    const id = c.req.valid('param')
    await updateListing(ctx, actorOf(c), id, jsonOf(c, packagePatchSchema))
    return c.json(await getPackage(ctx, callerOf(c), id), 200)
  })

  return app
}
