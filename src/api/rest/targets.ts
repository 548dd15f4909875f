/** Where permissions must hold, by the paths and queries of REST requests. */
import type { Context } from 'hono'
import { patternOf } from '../../domain/access/pattern.ts'
import { listOf, type PlaceOf, revisionPlace } from '../../http/scope.ts'

const param = (c: Context, name: string): string => c.req.param(name) ?? ''

export const revisionInPath: PlaceOf = (c) => revisionPlace(param(c, 'name'))

export const repositoryInPath: PlaceOf = (c) => ({ repository: param(c, 'name') })

/** The repository in the path, for callers who may read a package of it. */
export const partOfRepositoryInPath: PlaceOf = (c) => ({
  partOf: patternOf({ repository: param(c, 'name') }),
})

export const packageInPath: PlaceOf = (c) => ({
  repository: param(c, 'repository'),
  package: param(c, 'package'),
})

/** A list, which the query may limit to a repository. */
export const listInQuery: PlaceOf = (c) => listOf(c.req.query('repository'))
