/** What operations need: a permission, and where it must hold. Declared beside the routes of all surfaces. */
import type { Context } from 'hono'
import { EVERYTHING, type Pattern, patternOf } from '../domain/access/pattern.ts'
import type { Permission } from '../domain/access/permission.ts'
import { isRevisionName } from '../domain/names.ts'
import type { Target } from '../service/access/policy.ts'

export type Place =
  | Target
  /** The package of a revision. One that the caller may not see does not exist. */
  | { revision: string }
  /** Some part of a pattern. */
  | { partOf: Pattern }
  /** A list of what the caller may see in a pattern, which may be nothing. Callers without an account must see a part of it. */
  | { listOf: Pattern }

export type PlaceOf = (c: Context) => Place

/** One of these permissions is needed, the first of which a refusal names: `{ read: revisionInPath }`. */
export type Needs =
  | typeof NOTHING
  | typeof A_CALLER
  | typeof AN_ACCOUNT
  | { readonly [permission in Permission]?: PlaceOf }

/** For operations that have nothing to do with rights: they work while the rights cannot be read. */
export const NOTHING = 'nothing'

/** For operations that tell callers about themselves. */
export const A_CALLER = 'a caller'

/** For operations on accounts and rights: the use case decides in its transaction what the caller may do. */
export const AN_ACCOUNT = 'an account'

export const server: PlaceOf = () => 'server'

/** For targets in the body, and for those that only the index knows: the handler calls `authorize` for each of them. */
export const askedByHandler: PlaceOf = () => ({ partOf: EVERYTHING })

/** For lists over all repositories. */
export const listOfAll: PlaceOf = () => ({ listOf: EVERYTHING })

/** For lists that may be limited to a repository. */
export function listOf(repository: string | undefined): Place {
  return { listOf: repository === undefined ? EVERYTHING : patternOf({ repository }) }
}

/** The place of a revision, or of anything for a malformed name, which the handler answers. */
export function revisionPlace(name: string): Place {
  return isRevisionName(name) ? { revision: name } : { partOf: EVERYTHING }
}
