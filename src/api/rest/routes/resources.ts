import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { PackageRevision } from '../../../domain/package-revision.ts'
import { actorOf } from '../../../http/access.ts'
import { takeMemory } from '../../../http/answer-memory.ts'
import { GZIP } from '../../../http/received-body.ts'
import { respondStream } from '../../../http/stream-response.ts'
import { getRevision } from '../../../service/change-revision.ts'
import { changeResources, replaceResources } from '../../../service/drafts/update-resources.ts'
import { readFile } from '../../../service/queries/resources.ts'
import { openLayer, readLayer } from '../../../service/registry-content.ts'
import { defineRoute } from '../../route.ts'
import { preferredType } from '../accept.ts'
import type { Api } from '../api.ts'
import { isArchive, jsonOf, uploadOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { problem, respondProblem } from '../problem.ts'
import { ResourcesJson } from '../resources-json.ts'
import { noQuery } from '../schemas/common.ts'
import {
  archive,
  headers,
  ifMatch,
  ifNoneMatch,
  json,
  mergePatchBody,
  notModified,
} from '../schemas/exchange.ts'
import { packageRevisionSchema, toPackageRevisionView } from '../schemas/package-revision.ts'
import { readErrors } from '../schemas/problem.ts'
import { resourcesPatchSchema, resourcesSchema } from '../schemas/resources.ts'
import { changed } from '../schemas/responses.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const tags = ['Resources']

const get = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/resources',
  operationId: 'getResources',
  operation: { needs: { pull: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Get all files',
  description: `As JSON, or with \`Accept: ${GZIP}\` as a tar.gz, which is the layer of the artifact.`,
  tags,
  request: { params: revisionParams, query: noQuery, headers: ifNoneMatch },
  responses: {
    200: {
      ...json(resourcesSchema, 'The files.', 'ETag'),
      content: { 'application/json': { schema: resourcesSchema }, [GZIP]: archive },
    },
    304: notModified,
    ...readErrors(404, 406),
  },
})

const replace = defineRoute({
  method: 'put',
  path: '/packagerevisions/{name}/resources',
  operationId: 'replaceResources',
  operation: { needs: { push: revisionInPath }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Replace all files',
  description:
    'Possible in a Draft. The draft has exactly the files of the request, with their modes: a file that is not in it is deleted, and one without `executable` is not executable.',
  tags,
  request: {
    params: revisionParams,
    query: noQuery,
    headers: ifMatch,
    body: { content: { 'application/json': { schema: resourcesSchema }, [GZIP]: archive } },
  },
  responses: changed(packageRevisionSchema, 'Replaced.', 409, 412, 415, 422, 428),
})

const change = defineRoute({
  method: 'patch',
  path: '/packagerevisions/{name}/resources',
  operationId: 'changeResources',
  operation: { needs: { push: revisionInPath }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Add, replace and delete files',
  description:
    'Possible in a Draft. Files that are not in the request are kept, and so is the mode of a file without `executable`. A tar.gz adds and replaces files with their modes; only JSON can delete them.',
  tags,
  request: {
    params: revisionParams,
    query: noQuery,
    headers: ifMatch,
    body: {
      content: { ...mergePatchBody(resourcesPatchSchema, 'ResourcesPatch').content, [GZIP]: archive },
    },
  },
  responses: changed(packageRevisionSchema, 'Changed.', 409, 412, 415, 422, 428),
})

const getFile = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/resources/{path}',
  operationId: 'getResource',
  operation: { needs: { pull: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Get one file',
  description: 'Returns the bytes of the file, without its mode. Slashes in its path may be encoded or not.',
  tags,
  request: {
    params: revisionParams.extend({
      path: z.string().openapi({ description: 'Path of the file in the package.', example: 'upf.yaml' }),
    }),
    query: noQuery,
    headers: ifNoneMatch,
  },
  responses: {
    200: {
      description: 'The file.',
      headers: headers('ETag'),
      content: {
        'application/octet-stream': {
          schema: z.string().openapi({ format: 'binary', description: 'The bytes of the file.' }),
        },
      },
    },
    304: notModified,
    ...readErrors(404),
  },
})

export function resourceRoutes(api: Api): OpenAPIHono {
  const { ctx, registryHost } = api
  const app = new OpenAPIHono()
  const view = (revision: PackageRevision) => toPackageRevisionView(revision, registryHost)

  app.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const wanted = preferredType(c.req.header('Accept'), GZIP)
    if (!wanted) {
      return respondProblem(
        c,
        problem('not_acceptable', `Accept must allow application/json or ${GZIP}`),
      ) as never
    }
    c.header('Vary', 'Accept')
    const revision = await getRevision(ctx.db, name)
    if (isNotModified(c, revision)) return c.body(null, 304)
    if (wanted === GZIP) {
      c.header('Content-Type', GZIP)
      c.header('Content-Length', String(revision.artifact.layerSize))
      // HEAD has no body, so the layer need not be opened.
      if (c.req.method === 'HEAD') return c.body(null) as never
      return respondStream(c, await openLayer(ctx, revision)) as never
    }
    const files = await readLayer(ctx, revision, takeMemory(c))
    c.header('Content-Type', 'application/json')
    return respondStream(c, new ResourcesJson(files)) as never
  })

  app.openapi(replace, async (c) => {
    const { name } = c.req.valid('param')
    const precondition = requiredPrecondition(c)
    const files = isArchive(c) ? uploadOf(c) : jsonOf(c, resourcesSchema).resources
    const revision = await replaceResources(ctx, actorOf(c), name, files, precondition)
    setETag(c, revision)
    return c.json(view(revision), 200)
  })

  app.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const precondition = requiredPrecondition(c)
    const patch = isArchive(c) ? uploadOf(c) : { changes: jsonOf(c, resourcesPatchSchema).resources }
    const revision = await changeResources(ctx, actorOf(c), name, patch, precondition)
    setETag(c, revision)
    return c.json(view(revision), 200)
  })

  app.openapi(getFile, async (c) => {
    const { name, path } = c.req.valid('param')
    const revision = await getRevision(ctx.db, name)
    const content = await readFile(ctx, revision, path, takeMemory(c))
    if (isNotModified(c, revision)) return c.body(null, 304)
    return c.body(content as Uint8Array<ArrayBuffer>, 200, {
      'Content-Type': 'application/octet-stream',
    }) as never
  })

  return app
}
