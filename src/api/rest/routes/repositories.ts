import { setTimeout as delay } from 'node:timers/promises'
import { OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../../core/errors.ts'
import type { Repository } from '../../../domain/repository.ts'
import type { SyncStatus } from '../../../domain/repository-source.ts'
import { actorOf, authorize } from '../../../http/access.ts'
import { etag } from '../../../http/etag.ts'
import { creationScope, everything, IN_BODY } from '../../../http/scope.ts'
import { addressOf, overlap } from '../../../service/discovery/source-registry.ts'
import { listRepositories } from '../../../service/queries/list-repositories.ts'
import { createRepository } from '../../../service/repositories/create-repository.ts'
import { deleteRepository } from '../../../service/repositories/delete-repository.ts'
import { updateRepository } from '../../../service/repositories/update-repository.ts'
import { getRepository } from '../../../service/repository-record.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition } from '../conditional.ts'
import { continueToken, limit, noQuery, repositoryName } from '../schemas/common.ts'
import {
  deleted,
  ifMatch,
  ifNoneMatch,
  json,
  jsonBody,
  mergePatchBody,
  notModified,
} from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import {
  newRepositorySchema,
  repositoryListSchema,
  repositoryPatchSchema,
  repositorySchema,
  syncStatusSchema,
} from '../schemas/repository.ts'
import { repositoryInPath } from '../targets.ts'

const tags = ['Repositories']
const params = z.strictObject({
  name: repositoryName.openapi({ description: 'Name of the repository.' }),
})

const create = defineRoute({
  method: 'post',
  path: '/repositories',
  operationId: 'createRepository',
  operation: { needs: IN_BODY, load: 'write', writesDisk: true },
  summary: 'Create a repository',
  tags,
  request: { query: noQuery, body: jsonBody(newRepositorySchema) },
  responses: { 201: json(repositorySchema, 'Created.', 'ETag', 'Location'), ...writeErrors(409, 415) },
})

const list = defineRoute({
  method: 'get',
  path: '/repositories',
  operationId: 'listRepositories',
  operation: { needs: { pull: everything }, load: 'none', writesDisk: false },
  summary: 'List repositories',
  description: 'In the order of their names.',
  tags,
  request: { query: z.strictObject({ limit, continue: continueToken }) },
  responses: { 200: json(repositoryListSchema, 'A page of repositories.'), ...readErrors() },
})

const get = defineRoute({
  method: 'get',
  path: '/repositories/{name}',
  operationId: 'getRepository',
  operation: { needs: { pull: repositoryInPath }, load: 'none', writesDisk: false },
  summary: 'Get a repository',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: { 200: json(repositorySchema, 'The repository.', 'ETag'), 304: notModified, ...readErrors(404) },
})

const update = defineRoute({
  method: 'patch',
  path: '/repositories/{name}',
  operationId: 'updateRepository',
  operation: { needs: { push: repositoryInPath }, load: 'write', writesDisk: true },
  summary: 'Change description, labels and what of its source is looked at',
  tags,
  request: {
    params,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(repositoryPatchSchema, 'RepositoryPatch'),
  },
  responses: { 200: json(repositorySchema, 'Changed.', 'ETag'), ...writeErrors(404, 412, 415, 428) },
})

const sync = defineRoute({
  method: 'post',
  path: '/repositories/{name}/sync',
  operationId: 'syncRepository',
  operation: { needs: { push: repositoryInPath }, load: 'write', writesDisk: true },
  summary: 'Look for what others have pushed',
  description:
    'Looks through the source of the repository at once, at every tag: finds what was there when this was called, and reads again what could not be read. Answers when that is done, or with 202 after 30 seconds: it goes on then, and `status` of the repository tells of its end. Refused with 409 for a repository without a source.',
  tags,
  request: { params, query: noQuery },
  responses: {
    200: json(syncStatusSchema, 'Done: what came of it.'),
    202: json(syncStatusSchema, 'It goes on.'),
    ...writeErrors(404, 409),
  },
})

const remove = defineRoute({
  method: 'delete',
  path: '/repositories/{name}',
  operationId: 'deleteRepository',
  operation: { needs: { delete: repositoryInPath }, load: 'write', writesDisk: false },
  summary: 'Delete an empty repository',
  description:
    'Refused with 409 while it holds package revisions. One that is filled from elsewhere goes with its revisions, unless others are based on them.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: { 204: deleted, ...writeErrors(404, 409, 412, 428) },
})

/** So long a client is kept waiting: less than proxies on the way do. In milliseconds. */
const PATIENCE = 30_000

export function repositoryRoutes({ ctx, discovery, registryHost }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const input = c.req.valid('json')
    await authorize(c, creationScope({ repository: input.name }))
    if (input.source) checkSource(input.source.url)
    const repository = await createRepository(ctx, actorOf(c), input)
    c.header('Location', `${c.req.path}/${repository.name}`)
    c.header('ETag', etag(repository.resourceVersion))
    return c.json(await withStatus(repository), 201)
  })

  app.openapi(list, async (c) => c.json(await listRepositories(ctx, c.req.valid('query')), 200))

  app.openapi(get, async (c) => {
    const repository = await getRepository(ctx.db, c.req.valid('param').name)
    c.header('ETag', etag(repository.resourceVersion))
    if (isNotModified(c, repository.resourceVersion)) return c.body(null, 304)
    return c.json(await withStatus(repository), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const repository = await updateRepository(
      ctx,
      name,
      jsonOf(c, repositoryPatchSchema),
      requiredPrecondition(c),
    )
    c.header('ETag', etag(repository.resourceVersion))
    return c.json(await withStatus(repository), 200)
  })

  app.openapi(sync, async (c) => {
    const { name } = c.req.valid('param')
    const syncing = discovery.sync(name, { thorough: true })
    const ended = await Promise.race([syncing.then(() => true), delay(PATIENCE, false, { ref: false })])
    // Whoever asked is not there any more to be told.
    if (!ended) syncing.catch(ctx.report)
    const status = await discovery.status(await getRepository(ctx.db, name))
    return c.json(status as SyncStatus, ended ? 200 : 202)
  })

  app.openapi(remove, async (c) => {
    await deleteRepository(ctx, c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app

  function checkSource(url: string): void {
    discovery.check(url)
    if (!overlap(addressOf(url), registryHost)) return
    throw new AppError(
      'invalid',
      `source.url: what is in ${registryHost} is here already, and would be found again and again: clone it`,
    )
  }

  async function withStatus(repository: Repository) {
    const status = await discovery.status(repository)
    return { ...repository, ...(status && { status }) }
  }
}
