import { OpenAPIHono, z } from '@hono/zod-openapi'
import { authorizeReading, callerOf } from '../../../http/access.ts'
import { askedByHandler } from '../../../http/scope.ts'
import { planUpgrades } from '../../../service/jobs/plan-upgrades.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { noQuery, packagePath, repositoryName, workspaceName } from '../schemas/common.ts'
import { jsonBody } from '../schemas/exchange.ts'
import { toUpgradeRequest, upgradeOptions } from '../schemas/upgrade.ts'
import { jobStarted, respondStarted } from './start-job.ts'

const upgradesSchema = z
  .strictObject({
    upstream: z
      .union([z.string(), z.strictObject({ repository: repositoryName, package: packagePath })])
      .openapi({
        description:
          'Package whose downstreams to upgrade: its repository and path, or the name of one of its revisions. They are upgraded to its latest revision, unless `to` names another.',
        example: { repository: 'blueprints', package: 'nf/upf' },
      }),
    ...upgradeOptions,
    selector: z.string().max(4096).optional().openapi({
      description: 'Only downstreams whose latest revision matches this label selector, as in lists.',
      example: 'env=prod,team in (core, edge)',
    }),
    repository: repositoryName.optional().openapi({
      description: 'Only downstreams in this repository.',
      example: 'prod',
    }),
    workspace: workspaceName.optional().openapi({
      description:
        'Workspace of the drafts. Defaults to `upgrade-v<N>`. If a package has used it before, `-2`, `-3` and so on is appended.',
      example: 'upgrade-v2',
    }),
    dryRun: z.boolean().optional().openapi({
      description: 'If true, creates nothing: the items show what would be created.',
      example: false,
    }),
  })
  .openapi('NewUpgrades')

const create = defineRoute({
  method: 'post',
  path: '/upgrades',
  operationId: 'createUpgrades',
  operation: { needs: { draft: askedByHandler }, load: 'write', writesDisk: true },
  summary: 'Upgrade all outdated downstreams of a package',
  description:
    'Starts a job that creates a draft for each package whose latest revision is based on an older revision of the upstream. A failure does not stop the others. Packages that have such a draft already are skipped, and those that the caller may not create drafts of are left out.',
  tags: ['Jobs'],
  request: { query: noQuery, body: jsonBody(upgradesSchema) },
  responses: jobStarted,
})

export function upgradeJobRoutes(api: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const { to, strategy, conflicts, ...request } = c.req.valid('json')
    await authorizeReading(c, request.upstream)
    const upgrade = toUpgradeRequest({ to, strategy, conflicts })
    if (typeof upgrade.to === 'string') await authorizeReading(c, upgrade.to)
    const plan = await planUpgrades(api.ctx, callerOf(c), { ...request, ...upgrade })
    return respondStarted(c, api, plan)
  })

  return app
}
