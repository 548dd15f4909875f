import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Readiness } from '../service/readiness.ts'
import type { Metrics } from './metrics.ts'

const tags = ['Operations']

const check = z.enum(['ok', 'failed'])

const readinessSchema = z
  .strictObject({
    status: z
      .enum(['ready', 'not ready'])
      .openapi({ description: 'Whether all checks are ok.', example: 'ready' }),
    checks: z
      .strictObject({
        database: check.openapi({ description: 'The index answers.', example: 'ok' }),
        registry: check.openapi({ description: 'The registry answers.', example: 'ok' }),
      })
      .openapi({ description: 'What the server needs.' }),
  })
  .openapi('Readiness')

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
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

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  summary: 'Can it serve?',
  tags,
  responses: {
    200: { description: 'It can.', content: { 'application/json': { schema: readinessSchema } } },
    503: { description: 'It cannot.', content: { 'application/json': { schema: readinessSchema } } },
  },
})

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Metrics for Prometheus',
  description: 'Those of the process, and the durations of requests by route.',
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

export function healthRoutes(readiness: () => Promise<Readiness>, metrics: Metrics): OpenAPIHono {
  const app = new OpenAPIHono()
  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))
  app.openapi(readyz, async (c) => {
    const checks = await readiness()
    const ready = Object.values(checks).every((state) => state === 'ok')
    return c.json({ status: ready ? ('ready' as const) : ('not ready' as const), checks }, ready ? 200 : 503)
  })
  app.openapi(metricsRoute, async (c) => {
    return c.body(await metrics.registry.metrics(), 200, {
      'Content-Type': metrics.registry.contentType,
    }) as never
  })
  return app
}
