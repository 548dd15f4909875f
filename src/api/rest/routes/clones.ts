import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf, authorize } from '../../../http/access.ts'
import { creationScope, IN_BODY, readingScope } from '../../../http/scope.ts'
import { MAX_ITEMS, startJob } from '../../../service/jobs/jobs.ts'
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
import { json, jsonBody } from '../schemas/exchange.ts'
import { jobSchema, toJobView } from '../schemas/job.ts'
import { writeErrors } from '../schemas/problem.ts'
import { settersSchema } from '../schemas/setters.ts'
import { toUpstreamReference, upstreamReferenceSchema } from '../schemas/upstream-reference.ts'

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
  .openapi('CloneTarget', { description: 'A package to be made.' })

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
      'What holds for each target that says nothing else. Labels, annotations and setters are taken together with those of the target, key by key. The workspace is `main` where nobody says one.',
  })

const clonesSchema = z
  .strictObject({
    upstream: upstreamReferenceSchema,
    targets: z
      .array(targetSchema)
      .min(1)
      .max(MAX_ITEMS)
      .openapi({
        description: 'The packages to be made, each once.',
        example: [{ package: 'cluster-0001/upf', setters: { cluster: 'cluster-0001' } }],
      }),
    defaults: defaultsSchema.optional(),
    dryRun: z.boolean().optional().openapi({
      description: 'Whether nothing is to be made: the items tell what would be.',
      example: false,
    }),
  })
  .openapi('NewClones')

const create = defineRoute({
  method: 'post',
  path: '/clones',
  operationId: 'createClones',
  operation: { needs: IN_BODY, load: 'write', writesDisk: true },
  summary: 'Clone a package to many targets',
  description:
    'One blueprint, a draft for each target with values of its own, as a job. The targets are checked before the first is made; what fails later keeps none of the others. Asked for again, targets that are there already are skipped.',
  tags: ['Jobs'],
  request: { query: noQuery, body: jsonBody(clonesSchema) },
  responses: { 202: json(jobSchema, 'The job has begun.', 'Location'), ...writeErrors(404, 409, 415) },
})

export function cloneJobRoutes({ ctx, jobs }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const { upstream, ...request } = c.req.valid('json')
    const reference = toUpstreamReference(upstream)
    await authorize(c, readingScope(reference))
    const plan = await planClones(ctx, { ...request, upstream: reference })
    for (const target of plan.items) await authorize(c, creationScope(target))
    const job = await startJob(ctx, jobs, actorOf(c), plan)
    c.header('Location', `${c.req.path.replace(/[^/]+$/, 'jobs')}/${job.id}`)
    return c.json(toJobView(job), 202)
  })

  return app
}
