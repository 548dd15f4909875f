import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../../core/errors.ts'
import { parseLabelSelector } from '../../../domain/label-selector.ts'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import { parseRevisionName } from '../../../domain/names.ts'
import { type PackageRevision, SORT_FIELDS, type Sort } from '../../../domain/package-revision.ts'
import { etag } from '../../../http/etag.ts'
import { getRevision } from '../../../service/change-revision.ts'
import { createPackageRevision, type Source } from '../../../service/drafts/create-package-revision.ts'
import { updatePackageRevision } from '../../../service/drafts/update-package-revision.ts'
import { upgradeTarget } from '../../../service/drafts/upgrade.ts'
import { listPackageRevisions } from '../../../service/queries/list-package-revisions.ts'
import { deletePackageRevision } from '../../../service/review/delete-package-revision.ts'
import { type Api, actorOf, mayCreate, mayRead } from '../api.ts'
import { archiveOf, isArchive, jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition } from '../conditional.ts'
import {
  continueToken,
  latest,
  limit,
  noQuery,
  outdated,
  packagePath,
  repositoryName,
  version,
  workspaceName,
} from '../schemas/common.ts'
import {
  archive,
  deleted,
  GZIP,
  ifMatch,
  ifNoneMatch,
  json,
  mergePatchBody,
  notModified,
} from '../schemas/exchange.ts'
import {
  newPackageRevisionSchema,
  packageRevisionListSchema,
  packageRevisionPatchSchema,
  packageRevisionSchema,
  toPackageRevisionView,
} from '../schemas/package-revision.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { toUpgradeRequest } from '../schemas/upgrade.ts'
import { toUpstreamReference } from '../schemas/upstream-reference.ts'
import { watchDescription, watchHeaders, watchQuery, watchStream } from '../schemas/watch.ts'
import { onlyForWatches, watchPackageRevisions } from './watch.ts'

const tags = ['Package revisions']

export const revisionParams = z.strictObject({
  name: z
    .string()
    .openapi({ description: 'Name of the package revision.', example: 'blueprints.nf.upf.ws1' }),
})

const create = createRoute({
  method: 'post',
  path: '/packagerevisions',
  operationId: 'createPackageRevision',
  summary: 'Create a draft',
  description:
    'From JSON, with one of the sources; or from a tar.gz, with repository, package and workspace in the query.',
  tags,
  request: {
    query: z.strictObject({
      repository: repositoryName.optional(),
      package: packagePath.optional(),
      workspace: workspaceName.optional(),
      version: version.optional(),
    }),
    body: {
      content: { 'application/json': { schema: newPackageRevisionSchema }, [GZIP]: archive },
    },
  },
  responses: {
    201: json(packageRevisionSchema, 'Created.', 'ETag', 'Location'),
    ...writeErrors(404, 409, 415, 422),
  },
})

const list = createRoute({
  method: 'get',
  path: '/packagerevisions',
  operationId: 'listPackageRevisions',
  summary: 'List package revisions, or watch them',
  description: watchDescription,
  tags,
  request: {
    headers: watchHeaders,
    query: z.strictObject({
      repository: repositoryName.optional(),
      package: packagePath.optional(),
      workspace: workspaceName.optional(),
      lifecycle: z
        .enum(LIFECYCLES)
        .optional()
        .openapi({ description: 'State of the lifecycle.', example: 'Published' }),
      latest,
      outdated,
      revision: z
        .string()
        .regex(/^[0-9]{1,9}$/, 'must be a whole number')
        .transform(Number)
        .optional()
        .openapi({
          type: 'integer',
          minimum: 0,
          description: 'Number of the publication; 0 for those without.',
          example: 1,
        }),
      version: version.optional(),
      labelSelector: z.string().max(4096).optional().openapi({
        description:
          'Labels, as in Kubernetes: `env=prod`, `env!=prod`, `env in (a, b)`, `env notin (a, b)`, `env`, `!env`; several are separated by commas.',
        example: 'env=prod,team in (core, edge)',
      }),
      upstream: z.string().optional().openapi({
        description: 'Name of the revision that it was cloned from or last upgraded to.',
        example: 'blueprints.nf.upf.ws1',
      }),
      q: z.string().max(256).optional().openapi({
        description:
          'Words to search for in `<repository>/<package>/<workspace>`, in description and keywords of the Kptfile, and in kinds and names of the KRM objects; in any case. Each part between spaces has to be there: its words (letters and digits) one behind the other, the last one also as the beginning of a word: `nf/u` finds `nf/upf`, `pf` does not.',
        example: 'upf',
      }),
      sort: z
        .enum(SORT_FIELDS.flatMap((field) => [field, `-${field}`] as const))
        .default('name')
        .openapi({
          description: 'The field to sort by; with "-" the other way round.',
          example: '-updatedAt',
        }),
      limit,
      continue: continueToken,
      ...watchQuery,
    }),
  },
  responses: {
    200: watchStream(json(packageRevisionListSchema, 'A page of package revisions; or the events.')),
    ...readErrors(410),
  },
})

const get = createRoute({
  method: 'get',
  path: '/packagerevisions/{name}',
  operationId: 'getPackageRevision',
  summary: 'Get a package revision',
  tags,
  request: { params: revisionParams, query: noQuery, headers: ifNoneMatch },
  responses: {
    200: json(packageRevisionSchema, 'The package revision.', 'ETag'),
    304: notModified,
    ...readErrors(404),
  },
})

const update = createRoute({
  method: 'patch',
  path: '/packagerevisions/{name}',
  operationId: 'updatePackageRevision',
  summary: 'Change labels, annotations, version, readiness gates and conditions',
  description: 'Possible in a Draft; conditions can be changed while it is Proposed, too.',
  tags,
  request: {
    params: revisionParams,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(packageRevisionPatchSchema, 'PackageRevisionPatch'),
  },
  responses: {
    200: json(packageRevisionSchema, 'Changed.', 'ETag'),
    ...writeErrors(404, 409, 412, 415, 428),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/packagerevisions/{name}',
  operationId: 'deletePackageRevision',
  summary: 'Delete a package revision',
  description:
    'A Draft, a Proposed one, or one whose deletion is proposed. Its workspace and number are never used again.',
  tags,
  request: { params: revisionParams, query: noQuery, headers: ifMatch },
  responses: { 204: deleted, ...writeErrors(404, 409, 412, 428) },
})

export function packageRevisionRoutes(api: Api): OpenAPIHono {
  const { ctx, registryHost } = api
  const app = new OpenAPIHono()
  const view = (revision: PackageRevision) => toPackageRevisionView(revision, registryHost)

  app.openapi(create, async (c) => {
    const input = isArchive(c) ? await fromArchive(c) : fromJson(c)
    await mayCreate(c, input)
    const { source } = input
    if (source.task === 'copy') await mayRead(c, source.from)
    if (source.task === 'clone') await mayRead(c, source.upstream)
    if (source.task === 'upgrade') await mayRead(c, await upgradeTarget(ctx, input, source))
    const revision = await createPackageRevision(ctx, actorOf(c), input)
    c.header('Location', `${c.req.path}/${revision.name}`)
    c.header('ETag', etag(revision.resourceVersion))
    return c.json(view(revision), 201)

    function fromJson({ req }: typeof c) {
      if (Object.keys(req.valid('query')).length > 0) {
        throw new AppError('invalid', 'the query is for a tar.gz; with JSON everything is in the body')
      }
      const { source, version: declared = null, ...rest } = jsonOf(c, newPackageRevisionSchema)
      return { ...rest, version: declared, source: toSource(source) }
    }

    async function fromArchive({ req }: typeof c) {
      const { repository, package: path, workspace, version: declared = null } = req.valid('query')
      if (repository === undefined || path === undefined || workspace === undefined) {
        throw new AppError('invalid', 'a tar.gz needs repository, package and workspace in the query')
      }
      const resources = await archiveOf(c, api)
      return {
        repository,
        package: path,
        workspace,
        version: declared,
        source: { task: 'resources' as const, resources },
      }
    }
  })

  app.openapi(list, async (c) => {
    const { labelSelector, sort, limit: most, continue: token, ...rest } = c.req.valid('query')
    const { watch, resourceVersion, sendInitialEvents, ...filter } = rest
    const labels = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector)
    if (filter.upstream !== undefined) parseRevisionName(filter.upstream)
    if (watch) {
      return watchPackageRevisions(c, api, { ...filter, labels }, { resourceVersion, sendInitialEvents })
    }
    onlyForWatches({ resourceVersion, sendInitialEvents })
    const request = { limit: most, continue: token }
    const page = await listPackageRevisions(ctx, { ...filter, labels }, toSort(sort), request)
    return c.json({ ...page, items: page.items.map(view) }, 200)
  })

  app.openapi(get, async (c) => {
    const revision = await getRevision(ctx.db, c.req.valid('param').name)
    c.header('ETag', etag(revision.resourceVersion))
    if (isNotModified(c, revision.resourceVersion)) return c.body(null, 304)
    return c.json(view(revision), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const revision = await updatePackageRevision(
      ctx,
      name,
      jsonOf(c, packageRevisionPatchSchema),
      requiredPrecondition(c),
    )
    c.header('ETag', etag(revision.resourceVersion))
    return c.json(view(revision), 200)
  })

  app.openapi(remove, async (c) => {
    await deletePackageRevision(ctx, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app
}

function toSource(source: z.output<typeof newPackageRevisionSchema>['source']): Source {
  if (source.init) return { task: 'init', description: source.init.description }
  if (source.resources) return { task: 'resources', resources: source.resources }
  if (source.copy) return { task: 'copy', from: source.copy.from }
  if (source.clone) {
    const { upstream, setters } = source.clone
    return { task: 'clone', upstream: toUpstreamReference(upstream), setters }
  }
  const { from, ...options } = source.upgrade ?? {}
  return { task: 'upgrade', ...toUpgradeRequest(options, from) }
}

function toSort(text: string): Sort {
  const field = text.replace(/^-/, '') as Sort['field']
  return { field, descending: text.startsWith('-') }
}
