import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { AppError } from '../../../core/errors.ts'
import { parseLabelSelector } from '../../../domain/label-selector.ts'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import { parseRevisionName } from '../../../domain/names.ts'
import { type PackageRevision, SORT_FIELDS, type Sort } from '../../../domain/package-revision.ts'
import { actorOf, authorize, authorizeReading, callerOf } from '../../../http/access.ts'
import { GZIP } from '../../../http/received-body.ts'
import { askedByHandler } from '../../../http/scope.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import { getRevision } from '../../../service/change-revision.ts'
import { createPackageRevision, type Source } from '../../../service/drafts/create-package-revision.ts'
import { updatePackageRevision } from '../../../service/drafts/update-package-revision.ts'
import { upgradeSources } from '../../../service/drafts/upgrade.ts'
import { listPackageRevisions } from '../../../service/queries/list-package-revisions.ts'
import { deletePackageRevision } from '../../../service/review/delete-package-revision.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { isArchive, jsonOf, uploadOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import {
  latest,
  noQuery,
  outdated,
  packagePath,
  pageQuery,
  repositoryName,
  splitQuery,
  version,
  workspaceName,
} from '../schemas/common.ts'
import { archive, ifMatch, ifNoneMatch, json, mergePatchBody } from '../schemas/exchange.ts'
import {
  newPackageRevisionSchema,
  packageRevisionListSchema,
  packageRevisionPatchSchema,
  packageRevisionSchema,
  toPackageRevisionView,
} from '../schemas/package-revision.ts'
import { readErrors } from '../schemas/problem.ts'
import { changed, created, deleted, found } from '../schemas/responses.ts'
import { toUpgradeRequest } from '../schemas/upgrade.ts'
import { toUpstreamReference } from '../schemas/upstream-reference.ts'
import { watchDescription, watchHeaders, watchQuery, watchStream } from '../schemas/watch.ts'
import { listInQuery, revisionInPath } from '../targets.ts'
import { onlyForWatches, watchPackageRevisions } from './watch.ts'

const tags = ['Package revisions']

export const revisionParams = z.strictObject({
  name: z
    .string()
    .openapi({ description: 'Name of the package revision.', example: 'blueprints.nf.upf.ws1' }),
})

const create = defineRoute({
  method: 'post',
  path: '/packagerevisions',
  operationId: 'createPackageRevision',
  operation: { needs: { draft: askedByHandler }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Create a draft',
  description:
    'From JSON with one of the sources, or from a tar.gz with repository, package and workspace in the query.',
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
  responses: created(packageRevisionSchema, 404, 409, 415, 422),
})

const list = defineRoute({
  method: 'get',
  path: '/packagerevisions',
  operationId: 'listPackageRevisions',
  operation: { needs: { read: listInQuery }, load: 'list', writesDisk: false },
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
        .openapi({ description: 'State in the lifecycle.', example: 'Published' }),
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
          description: 'Revision number; 0 for unpublished revisions.',
          example: 1,
        }),
      version: version.optional(),
      labelSelector: z.string().max(4096).optional().openapi({
        description:
          'Label selector as in Kubernetes: `env=prod`, `env!=prod`, `env in (a, b)`, `env notin (a, b)`, `env`, `!env`, separated by commas.',
        example: 'env=prod,team in (core, edge)',
      }),
      upstream: z.string().optional().openapi({
        description: 'Name of the revision that they were cloned from or last upgraded to.',
        example: 'blueprints.nf.upf.ws1',
      }),
      q: z.string().max(256).optional().openapi({
        description:
          'Words to search for in `<repository>/<package>/<workspace>`, in description and keywords of the Kptfile, and in kinds and names of KRM objects, ignoring case. Every term between spaces must match: its words (letters and digits) must follow each other, and the last one also matches the beginning of a word. `nf/u` finds `nf/upf`, `pf` does not.',
        example: 'upf',
      }),
      sort: z
        .enum(SORT_FIELDS.flatMap((field) => [field, `-${field}`] as const))
        .default('name')
        .openapi({
          description: 'Field to sort by; with "-" in descending order.',
          example: '-updatedAt',
        }),
      ...pageQuery,
      ...watchQuery,
    }),
  },
  responses: {
    200: watchStream(json(packageRevisionListSchema, 'A page of package revisions, or a stream of events.')),
    ...readErrors(410),
  },
})

const get = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}',
  operationId: 'getPackageRevision',
  operation: { needs: { read: revisionInPath }, load: 'none', writesDisk: false },
  summary: 'Get a package revision',
  tags,
  request: { params: revisionParams, query: noQuery, headers: ifNoneMatch },
  responses: found(packageRevisionSchema, 'The package revision.'),
})

const update = defineRoute({
  method: 'patch',
  path: '/packagerevisions/{name}',
  operationId: 'updatePackageRevision',
  operation: { needs: { draft: revisionInPath }, load: 'write', writesDisk: true },
  summary: 'Update labels, annotations, version, readiness gates and conditions',
  description: 'Possible in a Draft; conditions can also be changed while it is Proposed.',
  tags,
  request: {
    params: revisionParams,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(packageRevisionPatchSchema, 'PackageRevisionPatch'),
  },
  responses: changed(packageRevisionSchema, 'Updated.', 409, 412, 415, 428),
})

const remove = defineRoute({
  method: 'delete',
  path: '/packagerevisions/{name}',
  operationId: 'deletePackageRevision',
  operation: { needs: { draft: revisionInPath }, load: 'write', writesDisk: false },
  summary: 'Delete a package revision',
  description:
    'Possible for a Draft, a Proposed revision, or one whose deletion is proposed. Its workspace and number are never used again.',
  tags,
  request: { params: revisionParams, query: noQuery, headers: ifMatch },
  responses: deleted(409),
})

export function packageRevisionRoutes(api: Api): OpenAPIHono {
  const { ctx, registryHost } = api
  const app = new OpenAPIHono()
  const view = (c: Context, revision: PackageRevision) =>
    toPackageRevisionView(revision, registryHost, visibleTo(callerOf(c)))

  app.openapi(create, async (c) => {
    const input = isArchive(c) ? await fromArchive(c) : fromJson(c)
    const { source, repository, package: path } = input
    await authorize(c, 'draft', { repository, package: path })
    if (source.task === 'copy') await authorizeReading(c, source.from)
    if (source.task === 'clone') await authorizeReading(c, source.upstream)
    if (source.task === 'upgrade') {
      if (source.from !== undefined) await authorizeReading(c, source.from)
      for (const each of await upgradeSources(ctx, input, source)) await authorizeReading(c, each)
    }
    const revision = await createPackageRevision(ctx, actorOf(c), input)
    c.header('Location', `${c.req.path}/${revision.name}`)
    setETag(c, revision)
    return c.json(view(c, revision), 201)

    function fromJson({ req }: typeof c) {
      if (Object.keys(req.valid('query')).length > 0) {
        throw new AppError('invalid', 'the query is for a tar.gz; with JSON everything is in the body')
      }
      const { source, version: declared = null, ...rest } = jsonOf(c, newPackageRevisionSchema)
      return { ...rest, version: declared, source: toSource(source) }
    }

    function fromArchive({ req }: typeof c) {
      const { repository, package: path, workspace, version: declared = null } = req.valid('query')
      if (repository === undefined || path === undefined || workspace === undefined) {
        throw new AppError('invalid', 'a tar.gz needs repository, package and workspace in the query')
      }
      return {
        repository,
        package: path,
        workspace,
        version: declared,
        source: { task: 'resources' as const, files: uploadOf(c) },
      }
    }
  })

  app.openapi(list, async (c) => {
    const { filter: query, page } = splitQuery(c.req.valid('query'))
    const { labelSelector, sort, watch, resourceVersion, sendInitialEvents, ...filter } = query
    const labels = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector)
    if (filter.upstream !== undefined) parseRevisionName(filter.upstream)
    if (watch) {
      return watchPackageRevisions(c, api, { ...filter, labels }, { resourceVersion, sendInitialEvents })
    }
    onlyForWatches({ resourceVersion, sendInitialEvents })
    const result = await listPackageRevisions(ctx, callerOf(c), { ...filter, labels }, toSort(sort), page)
    return c.json({ ...result, items: result.items.map((revision) => view(c, revision)) }, 200)
  })

  app.openapi(get, async (c) => {
    const revision = await getRevision(ctx.db, c.req.valid('param').name)
    if (isNotModified(c, revision)) return c.body(null, 304)
    return c.json(view(c, revision), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const revision = await updatePackageRevision(
      ctx,
      actorOf(c),
      name,
      jsonOf(c, packageRevisionPatchSchema),
      requiredPrecondition(c),
    )
    setETag(c, revision)
    return c.json(view(c, revision), 200)
  })

  app.openapi(remove, async (c) => {
    await deletePackageRevision(ctx, callerOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  return app
}

function toSource(source: z.output<typeof newPackageRevisionSchema>['source']): Source {
  if (source.init) return { task: 'init', description: source.init.description }
  if (source.resources) return { task: 'resources', files: source.resources }
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
