import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { JsonValue } from '../../../domain/krm/json-value.ts'
import { parseRevisionName } from '../../../domain/names.ts'
import { actorOf, authorizeReading, callerOf } from '../../../http/access.ts'
import { takeMemory } from '../../../http/answer-memory.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import { conflictsOf } from '../../../service/drafts/conflicts.ts'
import { resolveConflict } from '../../../service/drafts/resolve-conflict.ts'
import { upgradeSources } from '../../../service/drafts/upgrade.ts'
import { previewUpgrade } from '../../../service/drafts/upgrade-preview.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { exactField, exactJson, jsonOf } from '../body.ts'
import { optionalPrecondition, setETag } from '../conditional.ts'
import { noQuery } from '../schemas/common.ts'
import {
  conflictListSchema,
  resolutionSchema,
  revisionConflictSchema,
  toConflictView,
  toRevisionConflictView,
} from '../schemas/conflict.ts'
import { toFileDiffView } from '../schemas/diff.ts'
import { json, jsonBody, optionalIfMatch } from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
import { toUpgradeRequest, upgradePreviewRequestSchema, upgradePreviewSchema } from '../schemas/upgrade.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const tags = ['Upgrades']

const preview = defineRoute({
  method: 'post',
  path: '/packagerevisions/{name}/upgrade-preview',
  operationId: 'previewUpgrade',
  operation: { needs: { draft: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Preview an upgrade',
  description:
    'Returns the conflicts and the changes to the files that an upgrade would lead to, without creating a draft.',
  tags,
  request: { params: revisionParams, query: noQuery, body: jsonBody(upgradePreviewRequestSchema) },
  responses: {
    200: json(upgradePreviewSchema, 'The preview.'),
    ...writeErrors(404, 409, 415),
  },
})

const listConflicts = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/conflicts',
  operationId: 'listConflicts',
  // They have values of the upstream, which is not for every reader of what was made of it.
  operation: { needs: { 'draft.read': revisionInPath }, load: 'read', writesDisk: false },
  summary: 'List the conflicts of an upgrade',
  description:
    'Lists the conflicts of the upgrade that created the revision, including resolved ones. While one is open, the condition `Merged` is False and the draft cannot be proposed.',
  tags,
  request: { params: revisionParams, query: noQuery },
  responses: { 200: json(conflictListSchema, 'The conflicts.'), ...readErrors(404) },
})

const resolve = defineRoute({
  method: 'post',
  path: '/packagerevisions/{name}/conflicts/{id}/resolve',
  operationId: 'resolveConflict',
  operation: { needs: { draft: revisionInPath }, load: 'write', writesDisk: true, largeBody: true },
  summary: 'Resolve a conflict',
  description:
    'Writes the value of one side, or another value, to the files of the draft. Editing the field or file resolves the conflict too.',
  tags,
  request: {
    params: revisionParams.extend({
      id: z.string().openapi({ description: 'Id of the conflict.', example: '1' }),
    }),
    query: noQuery,
    headers: optionalIfMatch,
    body: jsonBody(resolutionSchema),
  },
  responses: {
    200: json(revisionConflictSchema, 'The resolved conflict. The ETag is that of the revision.', 'ETag'),
    ...writeErrors(404, 409, 412, 415),
  },
})

export function upgradeRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(preview, async (c) => {
    const { name } = c.req.valid('param')
    const target = parseRevisionName(name)
    const request = toUpgradeRequest(jsonOf(c, upgradePreviewRequestSchema), name)
    for (const each of await upgradeSources(ctx, target, request)) await authorizeReading(c, each)
    const { from, upstream, conflicts, files } = await previewUpgrade(
      ctx,
      visibleTo(callerOf(c)),
      target,
      request,
    )
    return exactJson(c, {
      from,
      upstream,
      conflicts: conflicts.map(toConflictView),
      files: files.map(toFileDiffView),
    })
  })

  app.openapi(listConflicts, async (c) => {
    const conflicts = await conflictsOf(ctx, c.req.valid('param').name, takeMemory(c))
    return exactJson(c, { items: conflicts.map(toRevisionConflictView) })
  })

  app.openapi(resolve, async (c) => {
    const { name, id } = c.req.valid('param')
    const { choose } = jsonOf(c, resolutionSchema)
    const choice = choose === undefined ? { value: exactField(c, 'value') as JsonValue } : { choose }
    const { revision, conflict } = await resolveConflict(
      ctx,
      actorOf(c),
      name,
      id,
      choice,
      optionalPrecondition(c),
    )
    setETag(c, revision)
    return exactJson(c, toRevisionConflictView(conflict))
  })

  return app
}
