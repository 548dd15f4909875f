import type { Labels } from './labels.ts'
import type { RepositorySource } from './repository-source.ts'

export const REPOSITORY_TYPES = ['catalog', 'deployment'] as const
/** `catalog` holds blueprints, to clone from; `deployment` holds instances, to deploy. */
export type RepositoryType = (typeof REPOSITORY_TYPES)[number]

export type Repository = {
  name: string
  type: RepositoryType
  description: string
  labels: Labels
  /** Where its revisions come from, if not from its clients. */
  source?: RepositorySource
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

/** A repository without what the index adds. */
export type RepositoryContent = Omit<Repository, 'resourceVersion'>
