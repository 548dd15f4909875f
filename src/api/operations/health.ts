import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Metrics } from '../../http/metrics.ts'
import { NOTHING, server } from '../../http/scope.ts'
import type { PartReadiness } from '../../service/maintenance/readiness.ts'
import { readErrors } from '../rest/schemas/problem.ts'
import { type DeclaredOperation, defineRoute } from '../route.ts'

const tags = ['Operations']
const PROBE: DeclaredOperation = { needs: NOTHING, load: 'none', writesDisk: false, quiet: true }
const METRICS: DeclaredOperation = { ...PROBE, needs: { 'server.operate': server } }

const INSTANCE_HEADER = 'Pkgserver-Instance'

const partSchema = z
  .strictObject({
    name: z
      .enum(['server', 'database', 'registry', 'disk', 'workers'])
      .openapi({ description: 'Name of the part.', example: 'registry' }),
    status: z.enum(['ok', 'degraded', 'failed']).openapi({
      description:
        'State of the part. A `degraded` part works in part, and does not make the server unready.',
      example: 'failed',
    }),
    message: z.string().openapi({
      description: 'The state in words.',
      example: 'It does not answer: no answer within 3 seconds',
    }),
  })
  .openapi('PartReadiness')

const readinessSchema = z
  .strictObject({
    status: z.enum(['ready', 'read-only', 'not ready']).openapi({
      description:
        '`ready` if no part has failed. `read-only` if the disk is nearly full, or cannot be written to: pulls and reads are served, writes are refused with 507.',
      example: 'not ready',
    }),
    parts: z.array(partSchema).openapi({ description: 'State of each part that the server needs.' }),
  })
  .openapi('Readiness')

const healthz = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
  operation: PROBE,
  summary: 'Check liveness',
  tags,
  responses: {
    200: {
      description: 'The process is alive.',
      headers: z.object({
        [INSTANCE_HEADER]: z.string().openapi({
          description: 'Identifies the process: it differs between servers, and after each start.',
          example: '0f7cbb52-66ef-4a52-8cca-ce7bdd458f3d',
        }),
      }),
      content: {
        'application/json': {
          schema: z
            .strictObject({
              status: z.literal('ok').openapi({ description: 'Always `ok`.', example: 'ok' }),
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
  operation: PROBE,
  summary: 'Check readiness',
  tags,
  responses: {
    200: {
      description: 'The server is ready, or read-only.',
      content: { 'application/json': { schema: readinessSchema } },
    },
    503: {
      description: 'The server is not ready, or it is stopping: load balancers must not send requests to it.',
      content: { 'application/json': { schema: readinessSchema } },
    },
  },
})

const metricsRoute = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  operation: METRICS,
  summary: 'Get metrics for Prometheus',
  description:
    'Metrics of the process, and the durations of requests, operations, calls to the registry, commits and tasks in workers.',
  tags,
  responses: {
    200: {
      description: 'The metrics, in the text format of Prometheus.',
      content: {
        'text/plain': { schema: z.string().openapi({ example: 'http_request_duration_seconds_count 1' }) },
      },
    },
    ...readErrors(),
  },
})

export function healthRoutes(
  readiness: () => Promise<PartReadiness[]>,
  instance: string,
  metrics: Metrics,
): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200, { [INSTANCE_HEADER]: instance }))
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
