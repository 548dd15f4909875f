import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf, authorize } from '../../../http/access.ts'
import { creationScope, IN_BODY, readingScope } from '../../../http/scope.ts'
import { startJob } from '../../../service/jobs/jobs.ts'
import { planUpgrades } from '../../../service/jobs/plan-upgrades.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery, packagePath, repositoryName, workspaceName } from '../schemas/common.ts'
import { json, jsonBody } from '../schemas/exchange.ts'
import { jobSchema, toJobView } from '../schemas/job.ts'
import { writeErrors } from '../schemas/problem.ts'
import { toUpgradeRequest, upgradeOptions } from '../schemas/upgrade.ts'

const upgradesSchema = z
  .strictObject({
    upstream: z
      .union([z.string(), z.strictObject({ repository: repositoryName, package: packagePath })])
      .openapi({
        description:
          'The package whose downstreams are to be upgraded: its repository and path, or the name of one of its revisions. They are upgraded to its latest revision, or to the one that `to` names.',
        example: { repository: 'blueprints', package: 'nf/upf' },
      }),
    ...upgradeOptions,
    selector: z.string().max(4096).optional().openapi({
      description:
        'Only downstreams whose latest revision has these labels, as in `labelSelector` of the list.',
      example: 'env=prod,team in (core, edge)',
    }),
    repository: repositoryName.optional().openapi({
      description: 'Only downstreams in this repository.',
      example: 'prod',
    }),
    workspace: workspaceName.optional().openapi({
      description:
        'Workspace of the drafts; `upgrade-v<N>`, where that is not said. A package that has used it gets `-2`, `-3` and so on behind it.',
      example: 'upgrade-v2',
    }),
    dryRun: z.boolean().optional().openapi({
      description: 'Whether nothing is to be made: the items tell what would be.',
      example: false,
    }),
  })
  .openapi('NewUpgrades')

const create = defineRoute({
  method: 'post',
  path: '/upgrades',
  operationId: 'createUpgrades',
  operation: { needs: IN_BODY, load: 'write', writesDisk: true },
  summary: 'Upgrade all outdated downstreams of a package',
  description:
    'A draft for each package whose latest revision was made from a lower revision of the upstream, as a job. What fails keeps none of the others. Packages that have such a draft already are skipped.',
  tags: ['Jobs'],
  request: { query: noQuery, body: jsonBody(upgradesSchema) },
  responses: { 202: json(jobSchema, 'The job has begun.', 'Location'), ...writeErrors(404, 409, 415) },
})

export function upgradeJobRoutes({ ctx, jobs }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const { to, strategy, conflicts, ...request } = c.req.valid('json')
    await authorize(c, readingScope(request.upstream))
    const plan = await planUpgrades(ctx, { ...request, ...toUpgradeRequest({ to, strategy, conflicts }) })
    for (const target of plan.items) await authorize(c, creationScope(target))
    const job = await startJob(ctx, jobs, actorOf(c), plan)
    c.header('Location', `${c.req.path.replace(/[^/]+$/, 'jobs')}/${job.id}`)
    return c.json(toJobView(job), 202)
  })

  return app
}
