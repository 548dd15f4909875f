import { OpenAPIHono } from '@hono/zod-openapi'
import { loadShedding } from '../../http/load-shedding.ts'
import { boundedBody, requiredBody } from '../../http/received-body.ts'
import type { Tracing } from '../../http/tracing.ts'
import type { Api } from './api.ts'
import { maxBodyBytes } from './body.ts'
import { measuredOperations, type OnOperation } from './measured-operations.ts'
import { accessRulesRoutes } from './routes/access-rules.ts'
import { auditRoutes } from './routes/audit.ts'
import { backupRoutes } from './routes/backups.ts'
import { bindingRoutes } from './routes/bindings.ts'
import { cloneJobRoutes } from './routes/clones.ts'
import { dependencyRoutes } from './routes/dependencies.ts'
import { diffRoutes } from './routes/diff.ts'
import { garbageCollectionRoutes } from './routes/garbage-collections.ts'
import { imageRoutes } from './routes/images.ts'
import { issuerRoutes } from './routes/issuers.ts'
import { jobEventRoutes } from './routes/job-events.ts'
import { jobRoutes } from './routes/jobs.ts'
import { lifecycleRoutes } from './routes/lifecycle.ts'
import { linkRoutes } from './routes/links.ts'
import { objectRoutes } from './routes/objects.ts'
import { packageRevisionRoutes } from './routes/package-revisions.ts'
import { packageRoutes } from './routes/packages.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { resolutionRoutes } from './routes/resolutions.ts'
import { resourceRoutes } from './routes/resources.ts'
import { reviewRoutes } from './routes/review.ts'
import { reviewPolicyRoutes } from './routes/review-policies.ts'
import { serverRoutes } from './routes/server.ts'
import { serviceAccountRoutes } from './routes/service-accounts.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { trustRoutes } from './routes/trusts.ts'
import { upgradeRoutes } from './routes/upgrade.ts'
import { upgradeJobRoutes } from './routes/upgrades.ts'
import { userRoutes } from './routes/users.ts'
import { valueRoutes } from './routes/values.ts'
import { verificationRoutes } from './routes/verifications.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { whoamiRoutes } from './routes/whoami.ts'
import { invalidRequest } from './validation.ts'

/** The REST API, to be mounted at `BASE_PATH`. */
export function createRestApp(api: Api, onOperation: OnOperation, tracing: Tracing): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error)
    },
  })

  app.use(measuredOperations(onOperation, tracing))
  app.use(boundedBody(maxBodyBytes(api), api.load.bodies))
  app.use(requiredBody)
  app.use(loadShedding(api.load))

  app.route('/', serverRoutes(api))
  app.route('/', repositoryRoutes(api))
  app.route('/', packageRoutes(api))
  app.route('/', dependencyRoutes(api))
  app.route('/', valueRoutes(api))
  app.route('/', resolutionRoutes(api))
  app.route('/', packageRevisionRoutes(api))
  app.route('/', linkRoutes(api))
  app.route('/', objectRoutes(api))
  app.route('/', imageRoutes(api))
  app.route('/', resourceRoutes(api))
  app.route('/', lifecycleRoutes(api))
  app.route('/', reviewRoutes(api))
  app.route('/', diffRoutes(api))
  app.route('/', upgradeRoutes(api))
  app.route('/', upgradeJobRoutes(api))
  app.route('/', cloneJobRoutes(api))
  app.route('/', jobRoutes(api))
  app.route('/', jobEventRoutes(api))
  app.route('/', webhookRoutes(api))
  app.route('/', garbageCollectionRoutes(api))
  app.route('/', verificationRoutes(api))
  app.route('/', backupRoutes(api))
  app.route('/', tokenRoutes(api))
  app.route('/', sessionRoutes(api))
  app.route('/', serviceAccountRoutes(api))
  app.route('/', issuerRoutes(api))
  app.route('/', trustRoutes(api))
  app.route('/', bindingRoutes(api))
  app.route('/', reviewPolicyRoutes(api))
  app.route('/', userRoutes(api))
  app.route('/', accessRulesRoutes(api))
  app.route('/', whoamiRoutes())
  app.route('/', auditRoutes(api))
  return app
}
