import { OpenAPIHono, z } from '@hono/zod-openapi'
import { listDownstreams } from '../../../service/queries/list-downstreams.ts'
import { type Graph, packageGraph } from '../../../service/queries/package-graph.ts'
import { acrossSlashes, defineRoute } from '../../route.ts'
import { preferredType } from '../accept.ts'
import type { Api } from '../api.ts'
import { MERMAID, toMermaid } from '../mermaid.ts'
import { problem, respondProblem } from '../problem.ts'
import { continueToken, latest, limit, outdated, packagePath, repositoryName } from '../schemas/common.ts'
import { json } from '../schemas/exchange.ts'
import { downstreamDepth, downstreamListSchema, graphDepth, graphSchema } from '../schemas/links.ts'
import { toPackageRevisionView } from '../schemas/package-revision.ts'
import { readErrors } from '../schemas/problem.ts'
import { packageInPath, revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'

const downstreams = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/downstreams',
  operationId: 'listDownstreams',
  operation: { needs: { pull: revisionInPath }, load: 'none', writesDisk: false },
  summary: 'List what is based on a revision',
  description:
    'Revisions that were cloned from it or upgraded to it, and with `depth` those that are based on these; the nearest first, and then by name.',
  tags: ['Package revisions'],
  request: {
    params: revisionParams,
    query: z.strictObject({ depth: downstreamDepth, latest, outdated, limit, continue: continueToken }),
  },
  responses: { 200: json(downstreamListSchema, 'A page of downstreams.'), ...readErrors(404) },
})

const graphParams = z.strictObject({ repository: repositoryName, package: packagePath })
const graphQuery = z.strictObject({
  depth: graphDepth,
  limit: limit.openapi({ description: 'The most packages that the answer has.' }),
  format: z.enum(['json', 'mermaid']).optional().openapi({
    description: 'What the answer is, whatever `Accept` says.',
    example: 'mermaid',
  }),
})

const graph = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}/graph',
  operationId: 'getPackageGraph',
  operation: { needs: { pull: packageInPath }, load: 'none', writesDisk: false },
  summary: 'Get the upstreams and downstreams of a package',
  description: `The package, what it is based on and what is based on it, over all links that its revisions and theirs have. As JSON, or with \`Accept: ${MERMAID}\` as a Mermaid flowchart. The path of the package may have slashes, as they are or encoded.`,
  tags: ['Packages'],
  request: { params: graphParams, query: graphQuery },
  responses: {
    200: {
      ...json(graphSchema, 'The graph.'),
      content: {
        'application/json': { schema: graphSchema },
        [MERMAID]: { schema: z.string().openapi({ description: 'A Mermaid flowchart.' }) },
      },
    },
    ...readErrors(404, 406),
  },
})

export function linkRoutes({ ctx, registryHost }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(downstreams, async (c) => {
    const { limit: most, continue: token, ...filter } = c.req.valid('query')
    const request = { limit: most, continue: token }
    const page = await listDownstreams(ctx, c.req.valid('param').name, filter, request)
    const items = page.items.map(({ depth, ...revision }) => ({
      ...toPackageRevisionView(revision, registryHost),
      depth,
    }))
    return c.json({ ...page, items }, 200)
  })

  app.openapi(acrossSlashes(app, graph, 'package'), async (c) => {
    const { format, ...bounds } = c.req.valid('query')
    const accepted = preferredType(c.req.header('Accept'), MERMAID)
    if (!format && !accepted) {
      const detail = `Accept must allow application/json or ${MERMAID}`
      return respondProblem(c, problem('not_acceptable', detail)) as never
    }
    const found = await packageGraph(ctx, c.req.valid('param'), bounds)
    c.header('Vary', 'Accept')
    if (format === 'mermaid' || (!format && accepted === MERMAID)) {
      return c.body(toMermaid(found), 200, { 'Content-Type': `${MERMAID}; charset=utf-8` }) as never
    }
    return c.json(toGraphView(found), 200)
  })

  return app
}

function toGraphView({ nodes, edges, truncated }: Graph): z.output<typeof graphSchema> {
  const view = edges.map(({ upstream, downstream, ...edge }) => ({ from: upstream, to: downstream, ...edge }))
  return { nodes, edges: view, truncated }
}
