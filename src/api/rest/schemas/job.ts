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
  .openapi({ description: 'What is done with each item.', example: 'clone' })

export const jobState = z.enum(JOB_STATES).openapi({
  description:
    'Completed says that each item has come to an end, whichever: `counts` tells how many have failed.',
  example: 'Running',
})

export const itemState = z.enum(ITEM_STATES).openapi({
  description:
    'Succeeded: the draft is there, or would be if this were no dry run. Skipped: there was nothing to do, or the job was cancelled.',
  example: 'Succeeded',
})

const count = (description: string, example: number) => z.int().openapi({ description, example })

const countsSchema = z
  .strictObject({
    total: count('All items.', 1000),
    pending: count('Items that have not come to an end.', 400),
    succeeded: count('Items that have succeeded.', 597),
    failed: count('Items that have failed.', 2),
    skipped: count('Items that were skipped.', 1),
    conflicts: count('Items that have succeeded, and whose drafts have conflicts to be resolved.', 3),
  })
  .openapi('JobCounts')

export const jobSchema = z
  .strictObject({
    id: z.string().openapi({ description: 'Number of the job.', example: '17' }),
    kind: jobKind,
    state: jobState,
    dryRun: z.boolean().openapi({ description: 'Whether nothing is made.', example: false }),
    upstream: z
      .strictObject({
        name: z.string().openapi({ description: 'Its name.', example: 'blueprints.nf.upf.ws1' }),
        repository: repositoryName,
        package: packagePath,
        revision: z.int().openapi({ description: 'Its number.', example: 1 }),
      })
      .openapi('JobUpstream', {
        description:
          'The revision that is cloned, or upgraded to: the one that was found when the job was made, for all items.',
      }),
    request: z.record(z.string(), z.unknown()).openapi({
      description: 'What was asked for. The targets of clones are the items.',
      example: { upstream: 'blueprints.nf.upf.ws1' },
    }),
    counts: countsSchema,
    createdBy: actor('Who asked for it.'),
    createdAt: timestamp('When it was asked for, and begun.'),
    finishedAt: timestamp('When it ended.').nullable(),
    resourceVersion,
  })
  .openapi('Job', { description: 'Work on many packages.' })

export const jobListSchema = listOf(jobSchema, 'JobList')

const jobItemSchema = z
  .strictObject({
    index: z.int().openapi({ description: 'Its place in the job, from 0.', example: 0 }),
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName.openapi({
      description: 'The workspace that is wanted. An upgrade adds a number to one that is used up.',
    }),
    state: itemState,
    revision: z.string().nullable().openapi({
      description:
        'Name of the draft that was made; of a skipped item, of the revision that is there already.',
      example: 'prod.upf.main',
    }),
    conflicts: count('How many conflicts the draft has.', 0),
    reason: z.string().nullable().openapi({
      description: 'Why it was skipped; in a dry run, what would be done.',
      example: 'prod.upf.upgrade-v2 is under work already',
    }),
    error: z
      .strictObject({
        code: z
          .enum(CODES)
          .openapi({ description: 'The kind of error, for programs.', example: 'not_found' }),
        message: z.string().openapi({
          description: 'What is wrong, and what to do about it.',
          example: 'there is no repository edge-7',
        }),
      })
      .nullable()
      .openapi({ description: 'Why it failed.' }),
  })
  .openapi('JobItem', { description: 'What a job does with one package.' })

export const jobItemListSchema = listOf(jobItemSchema, 'JobItemList')

export function toJobView({ events: _, ...job }: Job): z.output<typeof jobSchema> {
  return { ...job, request: { ...job.request } }
}

export function toJobItemView(item: JobItem): z.output<typeof jobItemSchema> {
  const { index, repository, package: path, workspace, state, revision, conflicts, reason, errorCode } = item
  const place = { index, repository, package: path, workspace, state, revision, conflicts }
  if (errorCode === null) return { ...place, reason, error: null }
  return { ...place, reason: null, error: { code: errorCode, message: reason ?? '' } }
}
