import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Metrics } from '../../http/metrics.ts'
import { NOTHING } from '../../http/scope.ts'
import type { PartReadiness } from '../../service/maintenance/readiness.ts'
import { type DeclaredOperation, defineRoute } from '../route.ts'

const tags = ['Operations']
const PUBLIC: DeclaredOperation = { needs: NOTHING, load: 'none', writesDisk: false }

const partSchema = z
  .strictObject({
    name: z
      .enum(['server', 'database', 'registry', 'disk', 'threads'])
      .openapi({ description: 'The part.', example: 'registry' }),
    status: z.enum(['ok', 'degraded', 'failed']).openapi({
      description:
        'Whether it does its work; `degraded` can do a part of it, and does not keep the server from being ready.',
      example: 'failed',
    }),
    message: z.string().openapi({
      description: 'The same in words.',
      example: 'It does not answer: no answer within 3 seconds',
    }),
  })
  .openapi('PartReadiness')

const readinessSchema = z
  .strictObject({
    status: z.enum(['ready', 'read-only', 'not ready']).openapi({
      description:
        'Whether no part has failed. `read-only`: the disk is nearly full; pulls and reads are served, writes are refused with 507.',
      example: 'not ready',
    }),
    parts: z.array(partSchema).openapi({ description: 'What the server needs, each part.' }),
  })
  .openapi('Readiness')

const healthz = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
  operation: PUBLIC,
  summary: 'Is the process alive?',
  tags,
  responses: {
    200: {
      description: 'It is.',
      content: {
        'application/json': {
          schema: z
            .strictObject({
              status: z.literal('ok').openapi({ description: 'The process answers.', example: 'ok' }),
            })
            .openapi('Liveness'),
        },
      },
    },
  },
})

const readyz = defineRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  operation: PUBLIC,
  summary: 'Can it serve?',
  tags,
  responses: {
    200: {
      description: 'It can, or at least read.',
      content: { 'application/json': { schema: readinessSchema } },
    },
    503: {
      description: 'It cannot; or it stops, and load balancers shall send nothing more.',
      content: { 'application/json': { schema: readinessSchema } },
    },
  },
})

const metricsRoute = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  operation: PUBLIC,
  summary: 'Metrics for Prometheus',
  description:
    'Those of the process, and the durations of requests, operations, calls to the registry, commits and work in threads.',
  tags,
  responses: {
    200: {
      description: 'The metrics, in the text format of Prometheus.',
      content: {
        'text/plain': { schema: z.string().openapi({ example: 'http_request_duration_seconds_count 1' }) },
      },
    },
  },
})

export function healthRoutes(readiness: () => Promise<PartReadiness[]>, metrics: Metrics): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))
  app.openapi(readyz, async (c) => {
    const parts = await readiness()
    const status = overall(parts)
    return c.json({ status, parts }, status === 'not ready' ? 503 : 200)
  })
  app.openapi(metricsRoute, async (c) => {
    return c.body(await metrics.registry.metrics(), 200, {
      'Content-Type': metrics.registry.contentType,
    }) as never
  })
  return app
}

function overall(parts: readonly PartReadiness[]): 'ready' | 'read-only' | 'not ready' {
  if (parts.some(({ status }) => status === 'failed')) return 'not ready'
  return parts.some(({ name, status }) => name === 'disk' && status === 'degraded') ? 'read-only' : 'ready'
}
