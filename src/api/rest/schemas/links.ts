import { z } from '@hono/zod-openapi'
import { listOf, packagePath, repositoryName, version } from './common.ts'
import { packageRevisionSchema } from './package-revision.ts'

/** A query parameter for a number of links. */
function depth(fallback: number, description: string) {
  const rule = 'must be a whole number from 1 to 100'
  return z
    .string()
    .regex(/^[0-9]{1,3}$/, rule)
    .transform(Number)
    .refine((number) => number >= 1 && number <= 100, rule)
    .default(fallback)
    .openapi({ type: 'integer', minimum: 1, maximum: 100, default: fallback, description, example: 2 })
}

export const downstreamDepth = depth(
  1,
  'How many levels of downstreams to follow: 1 lists the revisions that were cloned from this one or upgraded to it, 2 their downstreams too, and so on.',
)
export const graphDepth = depth(100, 'How many links to follow in both directions.')

const downstreamSchema = z
  .strictObject({
    ...packageRevisionSchema.shape,
    depth: z.int().openapi({
      description: 'Number of links to the revision: 1 for a direct downstream.',
      example: 1,
    }),
  })
  .openapi('Downstream', { description: 'A revision that is based on another.' })

export const downstreamListSchema = listOf(downstreamSchema, 'DownstreamList')

const nodeSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    latestRevision: z.int().nullable().openapi({
      description: 'Its latest revision; null if nothing is published.',
      example: 3,
    }),
    latestVersion: version.nullable(),
    outdated: z.boolean().openapi({
      description: 'True if the upstream of its latest revision has a newer revision.',
      example: true,
    }),
  })
  .openapi('GraphNode', { description: 'A package.' })

const endSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
    revision: z.int().openapi({ description: 'Number of the revision; 0 for a draft.', example: 1 }),
    version: version.nullable(),
  })
  .openapi('GraphEnd', { description: 'A revision at one end of a link.' })

const edgeSchema = z
  .strictObject({
    from: endSchema,
    to: endSchema,
    current: z.boolean().openapi({
      description: 'True if `to` is a draft or the latest revision of its package; false for history.',
      example: true,
    }),
    outdated: z
      .boolean()
      .openapi({ description: 'True if there is a newer revision than `from`.', example: true }),
  })
  .openapi('GraphEdge', { description: 'The revision `to` was cloned from `from`, or upgraded to it.' })

export const graphSchema = z
  .strictObject({
    nodes: z.array(nodeSchema),
    edges: z.array(edgeSchema),
    truncated: z.boolean().openapi({
      description:
        'True if the graph has more packages than `limit`, or more than 5000 links, and is incomplete.',
      example: false,
    }),
  })
  .openapi('Graph', {
    description: 'The upstreams and downstreams of a package, and the links between their revisions.',
  })
