import { z } from '@hono/zod-openapi'
import { ITEM_STATES, JOB_KINDS, JOB_STATES, type Job, type JobItem } from '../../../domain/job.ts'
import { PROBLEMS, type ProblemCode } from '../problem.ts'
import {
  actor,
  listOf,
  packagePath,
  repositoryName,
  resourceVersion,
  timestamp,
  workspaceName,
} from './common.ts'

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

export const jobKind = z
  .enum(JOB_KINDS)
  .openapi({ description: 'What the job does with each item.', example: 'clone' })

export const jobState = z.enum(JOB_STATES).openapi({
  description:
    'State of the job. In a Completed job no item is pending, but some may have failed: see `counts`.',
  example: 'Running',
})

export const itemState = z.enum(ITEM_STATES).openapi({
  description:
    'State of the item. Succeeded: the draft was created, or in a dry run, would be. Skipped: there was nothing to do, or the job was cancelled.',
  example: 'Succeeded',
})

const count = (description: string, example: number) => z.int().openapi({ description, example })

const countsSchema = z
  .strictObject({
    total: count('Number of items.', 1000),
    pending: count('Pending items.', 400),
    succeeded: count('Succeeded items.', 597),
    failed: count('Failed items.', 2),
    skipped: count('Skipped items.', 1),
    conflicts: count('Succeeded items whose drafts have conflicts to resolve.', 3),
  })
  .openapi('JobCounts')

export const jobSchema = z
  .strictObject({
    id: z.string().openapi({ description: 'Number of the job.', example: '17' }),
    kind: jobKind,
    state: jobState,
    dryRun: z
      .boolean()
      .openapi({ description: 'True for a dry run, which creates nothing.', example: false }),
    upstream: z
      .strictObject({
        name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
        repository: repositoryName,
        package: packagePath,
        revision: z.int().openapi({ description: 'Number of the revision.', example: 1 }),
      })
      .openapi('JobUpstream', {
        description:
          'The revision that is cloned or upgraded to. It is resolved once, when the job is created.',
      }),
    request: z.record(z.string(), z.unknown()).openapi({
      description: 'The request that created the job, without the targets of clones: they are the items.',
      example: { upstream: 'blueprints.nf.upf.ws1' },
    }),
    counts: countsSchema,
    createdBy: actor('Creator of the job.'),
    createdAt: timestamp('Time of creation.'),
    finishedAt: timestamp('Time when the job ended.').nullable(),
    resourceVersion,
  })
  .openapi('Job', { description: 'An operation on many packages.' })

export const jobListSchema = listOf(jobSchema, 'JobList')

const jobItemSchema = z
  .strictObject({
    index: z.int().openapi({ description: 'Position of the item in the job, from 0.', example: 0 }),
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName.openapi({
      description:
        'Requested workspace. An upgrade appends a number if the package has used the workspace before.',
    }),
    state: itemState,
    revision: z.string().nullable().openapi({
      description: 'Name of the created draft; for a skipped item, of the existing revision.',
      example: 'prod.upf.main',
    }),
    conflicts: count('Number of conflicts in the draft.', 0),
    reason: z.string().nullable().openapi({
      description: 'Why the item was skipped; in a dry run, what would be done.',
      example: 'prod.upf.upgrade-v2 is under work already',
    }),
    error: z
      .strictObject({
        code: z
          .enum(CODES)
          .openapi({ description: 'Machine-readable kind of the error.', example: 'not_found' }),
        message: z.string().openapi({
          description: 'What went wrong, and what to do about it.',
          example: 'there is no repository edge-7',
        }),
      })
      .nullable()
      .openapi({ description: 'Why the item failed.' }),
  })
  .openapi('JobItem', { description: 'One package of a job.' })

export const jobItemListSchema = listOf(jobItemSchema, 'JobItemList')

export function toJobView({ events: _, credentials: __, ...job }: Job): z.output<typeof jobSchema> {
  return { ...job, request: { ...job.request } }
}

export function toJobItemView(item: JobItem): z.output<typeof jobItemSchema> {
  const { index, repository, package: path, workspace, state, revision, conflicts, reason, errorCode } = item
  const place = { index, repository, package: path, workspace, state, revision, conflicts }
  if (errorCode === null) return { ...place, reason, error: null }
  return { ...place, reason: null, error: { code: errorCode, message: reason ?? '' } }
}
