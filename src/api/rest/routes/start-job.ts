import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import type { NewJob } from '../../../domain/job.ts'
import { actorOf, authorize } from '../../../http/access.ts'
import { startJob } from '../../../service/jobs/jobs.ts'
import type { Api } from '../api.ts'
import { json } from '../schemas/exchange.ts'
import { jobSchema, toJobView } from '../schemas/job.ts'
import { writeErrors } from '../schemas/problem.ts'

/** Responses of a call that starts a job. */
export const jobStarted = {
  202: json(jobSchema, 'The job has started.', 'Location'),
  ...writeErrors(404, 409, 415),
}

const AUTHORIZED_AT_ONCE = 100

/** Starts a job, and responds with it. Throws `forbidden` if the caller may not create one of its packages. */
export async function respondStarted(c: Context, { ctx, jobs }: Api, plan: NewJob) {
  for (const [at, { repository, package: path }] of plan.items.entries()) {
    // Others have their turn: there may be many items, and many rights to look through for each.
    if (at % AUTHORIZED_AT_ONCE === 0) await setImmediate()
    await authorize(c, 'draft', { repository, package: path })
  }
  const job = await startJob(ctx, jobs, actorOf(c), plan)
  c.header('Location', `${c.req.path.replace(/[^/]+$/, 'jobs')}/${job.id}`)
  return c.json(toJobView(job), 202)
}
