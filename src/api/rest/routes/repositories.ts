import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { sees } from '../../../domain/access/visible-set.ts'
import type { Repository } from '../../../domain/repository.ts'
import type { SyncStatus } from '../../../domain/repository-source.ts'
import { actorOf, authorize, callerOf } from '../../../http/access.ts'
import { askedByHandler, listOfAll } from '../../../http/scope.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import { listRepositories } from '../../../service/queries/list-repositories.ts'
import { createRepository, type NewRepository } from '../../../service/repositories/create-repository.ts'
import { deleteRepository } from '../../../service/repositories/delete-repository.ts'
import { updateRepository } from '../../../service/repositories/update-repository.ts'
import { getRepository } from '../../../service/repository-record.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { noQuery, pageQuery, repositoryName } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, json, jsonBody, mergePatchBody } from '../schemas/exchange.ts'
import { writeErrors } from '../schemas/problem.ts'
import {
  newRepositorySchema,
  repositoryListSchema,
  repositoryPatchSchema,
  repositorySchema,
  syncStatusSchema,
} from '../schemas/repository.ts'
import { changed, created, deleted, found, listed } from '../schemas/responses.ts'
import { partOfRepositoryInPath, repositoryInPath } from '../targets.ts'

const tags = ['Repositories']
const params = z.strictObject({
  name: repositoryName.openapi({ description: 'Name of the repository.' }),
})

const create = defineRoute({
  method: 'post',
  path: '/repositories',
  operationId: 'createRepository',
  operation: { needs: { admin: askedByHandler }, load: 'write', writesDisk: true },
  summary: 'Create a repository',
  tags,
  request: { query: noQuery, body: jsonBody(newRepositorySchema) },
  responses: created(repositorySchema, 409, 415),
})

const list = defineRoute({
  method: 'get',
  path: '/repositories',
  operationId: 'listRepositories',
  operation: { needs: { read: listOfAll }, load: 'list', writesDisk: false },
  summary: 'List repositories',
  description: 'Sorted by name.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(repositoryListSchema, 'repositories'),
})

const get = defineRoute({
  method: 'get',
  path: '/repositories/{name}',
  operationId: 'getRepository',
  operation: { needs: { read: partOfRepositoryInPath }, load: 'none', writesDisk: false },
  summary: 'Get a repository',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(repositorySchema, 'The repository.'),
})

const update = defineRoute({
  method: 'patch',
  path: '/repositories/{name}',
  operationId: 'updateRepository',
  operation: { needs: { admin: repositoryInPath }, load: 'write', writesDisk: true },
  summary: 'Update description, labels and source of a repository',
  tags,
  request: {
    params,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(repositoryPatchSchema, 'RepositoryPatch'),
  },
  responses: changed(repositorySchema, 'Updated.', 412, 415, 428),
})

const sync = defineRoute({
  method: 'post',
  path: '/repositories/{name}/sync',
  operationId: 'syncRepository',
  operation: { needs: { publish: repositoryInPath }, load: 'write', writesDisk: true },
  summary: 'Sync a repository with its source',
  description:
    'Starts a sync that reads every tag of the source, including artifacts that could not be read before, and finds all that was there when the call was made. Does not wait for it: `status` of the repository is `Syncing` until the sync has ended. Refused with 409 for a repository without a source.',
  tags,
  request: { params, query: noQuery },
  responses: {
    202: json(syncStatusSchema, 'The sync is requested.'),
    ...writeErrors(404, 409),
  },
})

const remove = defineRoute({
  method: 'delete',
  path: '/repositories/{name}',
  operationId: 'deleteRepository',
  operation: { needs: { admin: repositoryInPath }, load: 'write', writesDisk: false },
  summary: 'Delete an empty repository',
  description:
    'Refused with 409 while it has package revisions. A repository with a source is deleted together with its revisions, unless other packages are based on them.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: deleted(409),
})

export function repositoryRoutes({ ctx, access, discovery, registryHost }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const input = toNewRepository(c.req.valid('json'))
    await authorize(c, 'admin', { repository: input.name })
    const sources = { discovery, ownAddress: registryHost }
    const repository = await createRepository(ctx, sources, actorOf(c), input)
    c.header('Location', `${c.req.path}/${repository.name}`)
    setETag(c, repository)
    return c.json(await withStatus(c, repository), 201)
  })

  app.openapi(list, async (c) => c.json(await listRepositories(ctx, callerOf(c), c.req.valid('query')), 200))

  app.openapi(get, async (c) => {
    const repository = await getRepository(ctx.db, c.req.valid('param').name)
    if (isNotModified(c, repository)) return c.body(null, 304)
    return c.json(await withStatus(c, repository), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const patch = jsonOf(c, repositoryPatchSchema)
    const repository = await updateRepository(ctx, actorOf(c), name, patch, requiredPrecondition(c))
    setETag(c, repository)
    return c.json(await withStatus(c, repository), 200)
  })

  app.openapi(sync, async (c) => {
    const { name } = c.req.valid('param')
    await discovery.request(actorOf(c), name)
    const status = await discovery.status(await getRepository(ctx.db, name))
    return c.json(status as SyncStatus, 202)
  })

  app.openapi(remove, async (c) => {
    await deleteRepository(ctx, access, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app

  /** The status counts what is in the repository, so it is for those who may read all of that. */
  async function withStatus(c: Context, repository: Repository) {
    const { published } = visibleTo(callerOf(c))
    const whole = sees(published, { repository: repository.name })
    const status = whole ? await discovery.status(repository) : undefined
    return { ...repository, ...(status && { status }) }
  }
}

function toNewRepository({ source, format, ...input }: z.output<typeof newRepositorySchema>): NewRepository {
  const glasskube = source?.format === 'glasskube'
  return {
    ...input,
    format: format ?? (glasskube ? 'glasskube' : 'krm'),
    ...(source && { source: { ...source, prereleases: source.prereleases ?? glasskube } }),
  }
}
