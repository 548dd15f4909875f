/**
 * Permissions in the vocabulary of registry tokens, for `/v2` and REST alike.
 * https://distribution.github.io/distribution/spec/auth/scope/
 */
import type { Context } from 'hono'
import { ociRepository, type PackageId, parseRevisionName } from '../domain/names.ts'

export type Action = 'pull' | 'push' | 'delete'

export type Scope = {
  /** An OCI repository: `blueprints/nf/upf` for a package, `blueprints` for a repository of packages, `*` for all. */
  repository: string
  action: Action
}

export const ALL = '*'

/** The OCI repository that a request names; undefined if it names none, so that nothing is needed. */
export type Target = (c: Context) => string | undefined

/** The permissions that an operation needs, each with its target: `{ pull: revisionInPath }`. */
export type Needs = { readonly [action in Action]?: Target }

export function actionsOf(needs: Needs): Action[] {
  return Object.keys(needs) as Action[]
}

/** For operations that anyone may call. */
export const NOTHING: Needs = {}

/** For operations whose target is in the body: their handlers call `authorize`. */
export const IN_BODY: Needs = {}

export const everything: Target = () => ALL

/** The scope to create a repository, or a revision of a package. */
export function creationScope(target: { repository: string; package?: string }): Scope {
  const { repository, package: path } = target
  return { repository: path === undefined ? repository : `${repository}/${path}`, action: 'push' }
}

/** The scope to read a revision, given by its name, or a package. */
export function readingScope(source: string | PackageId): Scope {
  return {
    repository: typeof source === 'string' ? packageOf(source) : ociRepository(source),
    action: 'pull',
  }
}

/** The package of a revision, by the revision's name. A malformed name yields `*`; its handler answers 400. */
export function packageOf(name: string): string {
  try {
    return ociRepository(parseRevisionName(name))
  } catch {
    return ALL
  }
}
