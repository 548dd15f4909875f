import { OpenAPIHono, z } from '@hono/zod-openapi'
import { authorizeReading, callerOf } from '../../../http/access.ts'
import { askedByHandler } from '../../../http/scope.ts'
import { MAX_ITEMS } from '../../../service/jobs/jobs.ts'
import { planClones } from '../../../service/jobs/plan-clones.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import {
  annotations,
  labels,
  noQuery,
  packagePath,
  repositoryName,
  version,
  workspaceName,
} from '../schemas/common.ts'
import { jsonBody } from '../schemas/exchange.ts'
import { settersSchema } from '../schemas/setters.ts'
import { toUpstreamReference, upstreamReferenceSchema } from '../schemas/upstream-reference.ts'
import { jobStarted, respondStarted } from './start-job.ts'

const targetSchema = z
  .strictObject({
    repository: repositoryName.optional(),
    package: packagePath,
    workspace: workspaceName.optional(),
    version: version.optional(),
    labels: labels.optional(),
    annotations: annotations.optional(),
    setters: settersSchema.optional(),
  })
  .openapi('CloneTarget', { description: 'A package to create.' })

const defaultsSchema = z
  .strictObject({
    repository: repositoryName.optional(),
    workspace: workspaceName.optional(),
    labels: labels.optional(),
    annotations: annotations.optional(),
    setters: settersSchema.optional(),
  })
  .openapi('CloneDefaults', {
    description:
      'Defaults for all targets. Labels, annotations and setters are merged with those of the target, key by key. The default workspace is `main`.',
  })

const clonesSchema = z
  .strictObject({
    upstream: upstreamReferenceSchema,
    targets: z
      .array(targetSchema)
      .min(1)
      .max(MAX_ITEMS)
      .openapi({
        description: 'Packages to create; each at most once.',
        example: [{ package: 'cluster-0001/upf', setters: { cluster: 'cluster-0001' } }],
      }),
    defaults: defaultsSchema.optional(),
    dryRun: z.boolean().optional().openapi({
      description: 'If true, creates nothing: the items show what would be created.',
      example: false,
    }),
  })
  .openapi('NewClones')

const create = defineRoute({
  method: 'post',
  path: '/clones',
  operationId: 'createClones',
  operation: { needs: { draft: askedByHandler }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Clone a package to many targets',
  description:
    'Starts a job that creates a draft for each target, with values of its own. All targets are checked before the first draft is created; a later failure does not stop the others. Targets that exist already are skipped, so the request can be repeated.',
  tags: ['Jobs'],
  request: { query: noQuery, body: jsonBody(clonesSchema) },
  responses: jobStarted,
})

export function cloneJobRoutes(api: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const { upstream, ...request } = c.req.valid('json')
    const reference = toUpstreamReference(upstream)
    await authorizeReading(c, reference)
    const plan = await planClones(api.ctx, callerOf(c), { ...request, upstream: reference })
    return respondStarted(c, api, plan)
  })

  return app
}
