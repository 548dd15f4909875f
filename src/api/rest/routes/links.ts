import { OpenAPIHono, z } from '@hono/zod-openapi'
import { callerOf } from '../../../http/access.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import { listDownstreams } from '../../../service/queries/list-downstreams.ts'
import { type Graph, packageGraph } from '../../../service/queries/package-graph.ts'
import { defineRoute } from '../../route.ts'
import { preferredType } from '../accept.ts'
import type { Api } from '../api.ts'
import { MERMAID, toMermaid } from '../mermaid.ts'
import { problem, respondProblem } from '../problem.ts'
import { latest, limit, outdated, pageQuery, splitQuery } from '../schemas/common.ts'
import { json } from '../schemas/exchange.ts'
import { downstreamDepth, downstreamListSchema, graphDepth, graphSchema } from '../schemas/links.ts'
import { toPackageRevisionView } from '../schemas/package-revision.ts'
import { readErrors } from '../schemas/problem.ts'
import { listed } from '../schemas/responses.ts'
import { packageInPath, revisionInPath } from '../targets.ts'
import { revisionParams } from './package-revisions.ts'
import { packageParams } from './packages.ts'

const downstreams = defineRoute({
  method: 'get',
  path: '/packagerevisions/{name}/downstreams',
  operationId: 'listDownstreams',
  operation: { needs: { read: revisionInPath }, load: 'list', writesDisk: false },
  summary: 'List the downstreams of a revision',
  description:
    'Lists the revisions that were cloned from it or upgraded to it, and with `depth` their downstreams too. Sorted by distance, then by name.',
  tags: ['Package revisions'],
  request: {
    params: revisionParams,
    query: z.strictObject({ depth: downstreamDepth, latest, outdated, ...pageQuery }),
  },
  responses: listed(downstreamListSchema, 'downstreams', 404),
})

const graphQuery = z.strictObject({
  depth: graphDepth,
  limit: limit.openapi({ description: 'Maximum number of packages in the response.' }),
  format: z.enum(['json', 'mermaid']).optional().openapi({
    description: 'Format of the response; overrides `Accept`.',
    example: 'mermaid',
  }),
})

const graph = defineRoute({
  method: 'get',
  path: '/packages/{repository}/{package}/graph',
  operationId: 'getPackageGraph',
  operation: { needs: { read: packageInPath }, load: 'list', writesDisk: false },
  summary: 'Get the upstreams and downstreams of a package',
  description: `Returns the package with its upstreams and downstreams, over the links of all of their revisions: as JSON, or with \`Accept: ${MERMAID}\` as a Mermaid flowchart. Slashes in the path of the package may be encoded or not.`,
  tags: ['Packages'],
  request: { params: packageParams, query: graphQuery },
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
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listDownstreams(ctx, callerOf(c), c.req.valid('param').name, filter, page)
    const items = result.items.map(({ depth, ...revision }) => ({
      ...toPackageRevisionView(revision, registryHost, visibleTo(callerOf(c))),
      depth,
    }))
    return c.json({ ...result, items }, 200)
  })

  app.openapi(graph, async (c) => {
    const { format, ...bounds } = c.req.valid('query')
    const accepted = preferredType(c.req.header('Accept'), MERMAID)
    if (!format && !accepted) {
      const detail = `Accept must allow application/json or ${MERMAID}`
      return respondProblem(c, problem('not_acceptable', detail)) as never
    }
    const found = await packageGraph(ctx, callerOf(c), c.req.valid('param'), bounds)
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
