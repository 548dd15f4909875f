import type { Labels } from './labels.ts'
import type { RepositorySource } from './repository-source.ts'

export const REPOSITORY_TYPES = ['catalog', 'deployment'] as const
/** `catalog` holds blueprints, to clone from; `deployment` holds instances, to deploy. */
export type RepositoryType = (typeof REPOSITORY_TYPES)[number]

export const REPOSITORY_FORMATS = ['krm', 'glasskube'] as const
/** `glasskube`: its packages have a package.yaml and versions, and are also served as Glasskube's clients read them. */
export type RepositoryFormat = (typeof REPOSITORY_FORMATS)[number]

export type Repository = {
  name: string
  type: RepositoryType
  format: RepositoryFormat
  description: string
  labels: Labels
  /** The registry that its revisions come from; absent if clients create them. */
  source?: RepositorySource
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

/** A repository without the fields that the index adds. */
export type RepositoryContent = Omit<Repository, 'resourceVersion'>
