import { OpenAPIHono, z } from '@hono/zod-openapi'
import { authorizeReading } from '../../../http/access.ts'
import { comparisonDigest, diffRevisions, findComparison } from '../../../service/queries/diff.ts'
import { defineRoute } from '../../route.ts'
import { preferredType } from '../accept.ts'
import type { Api } from '../api.ts'
import { exactJson } from '../body.ts'
import { isNotModified } from '../conditional.ts'
import { problem, respondProblem } from '../problem.ts'
import { diffSchema, toFileDiffView } from '../schemas/diff.ts'
import { ifNoneMatch, notModified } from '../schemas/exchange.ts'
import { readErrors } from '../schemas/problem.ts'
import { revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const PATCH = 'text/x-diff'

const diff = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/diff',
  operationId: 'diffPackageRevision',
  operation: { needs: { read: revisionInPath }, load: 'read', writesDisk: false },
  summary: 'Compare with another revision',
  description: `Returns the changes from the other revision to this one: as JSON, with the changed fields of KRM objects, or with \`Accept: ${PATCH}\` as a patch for \`git apply\`.`,
  tags: ['Package revisions'],
  request: {
    params: revisionParams,
    query: z.strictObject({
      against: z.string().optional().openapi({
        description:
          'The old side: `previous`, the highest published revision of the package below this one, or for a draft, the latest; `upstream`, the revision that it was cloned from or last upgraded to; or the name of any revision, even of another package. Defaults to `previous`; without one to `upstream`; without either to no files.',
        example: 'previous',
      }),
      path: z.string().min(1).optional().openapi({
        description:
          'Only this file, or the files in this directory. A renamed file matches by its old and its new path.',
        example: 'upf.yaml',
      }),
    }),
    headers: ifNoneMatch,
  },
  responses: {
    200: {
      description: 'The difference.',
      headers: {
        ETag: {
          description: 'The digests of both artifacts in quotes, for If-None-Match.',
          schema: { type: 'string' as const, example: '"sha256:6d9a…..sha256:1f0c…"' },
        },
      },
      content: {
        'application/json': { schema: diffSchema },
        [PATCH]: {
          schema: z.string().openapi({ description: 'The patches of all files; empty if none differs.' }),
        },
      },
    },
    304: notModified,
    ...readErrors(403, 404, 406, 413),
  },
})

export function diffRoutes({ ctx }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(diff, async (c) => {
    const { against, path } = c.req.valid('query')
    const wanted = preferredType(c.req.header('Accept'), PATCH)
    if (!wanted) {
      return respondProblem(
        c,
        problem('not_acceptable', `Accept must allow application/json or ${PATCH}`),
      ) as never
    }
    const comparison = await findComparison(ctx, c.req.valid('param').name, against, (source) =>
      authorizeReading(c, source),
    )
    const patchesOnly = wanted === PATCH
    const version = `${comparisonDigest(comparison)}${patchesOnly ? '.patch' : ''}`
    c.header('Vary', 'Accept')
    if (isNotModified(c, { resourceVersion: version })) return c.body(null, 304)

    const files = await diffRevisions(ctx, comparison, { path, patchesOnly })
    if (patchesOnly) {
      const patch = files.map((file) => file.patch).join('')
      c.get('answerMemory')?.keepOnly(Buffer.byteLength(patch))
      return c.body(patch, 200, { 'Content-Type': `${PATCH}; charset=utf-8` }) as never
    }
    const { from, to } = comparison
    return exactJson(c, { from: from?.name ?? null, to: to.name, files: files.map(toFileDiffView) })
  })

  return app
}
