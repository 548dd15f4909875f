import { z } from '@hono/zod-openapi'
import { REPOSITORY_TYPES } from '../../../package/repository.ts'
import {
  actor,
  freeText,
  labels,
  labelsPatch,
  listOf,
  repositoryName,
  resourceVersion,
  timestamp,
} from './common.ts'

const type = z.enum(REPOSITORY_TYPES).openapi({
  description:
    '`catalog` holds blueprints, to clone from; `deployment` holds instances, to deploy. It never changes.',
  example: 'catalog',
})

const description = freeText.max(4096).openapi({
  description: 'What the repository is for.',
  example: 'Blueprints of the core network functions',
})

export const repositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    description,
    labels,
    createdBy: actor('Who created it.'),
    createdAt: timestamp('When it was created.'),
    updatedAt: timestamp('When it last changed.'),
    resourceVersion,
  })
  .openapi('Repository', { description: 'A named group of packages.' })

export const newRepositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    description: description.default(''),
    labels: labels.default({}),
  })
  .openapi('NewRepository')

export const repositoryPatchSchema = z
  .strictObject({
    description: description.nullable().optional(),
    labels: labelsPatch.optional(),
  })
  .openapi('RepositoryPatch', { description: 'A JSON merge patch (RFC 7396): what is left out stays.' })

export const repositoryListSchema = listOf(repositorySchema, 'RepositoryList')
