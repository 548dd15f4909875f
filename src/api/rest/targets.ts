/** Targets of permissions in REST requests. */
import { ALL, packageOf, type Target } from '../../http/scope.ts'

export const revisionInPath: Target = (c) => packageOf(c.req.param('name') ?? '')

export const repositoryInPath: Target = (c) => c.req.param('name') ?? ALL

export const packageInPath: Target = (c) => `${c.req.param('repository')}/${c.req.param('package')}`

/** The packages that a list can show. */
export const packagesInQuery: Target = (c) => {
  const { repository, package: path } = c.req.query()
  return repository === undefined ? ALL : `${repository}/${path ?? ALL}`
}
