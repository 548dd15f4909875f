/** A remote registry fails in the middle of each change: nothing is left half done, and a later attempt succeeds. */
import type { MiddlewareHandler } from 'hono'
import { describe, expect, it } from 'vitest'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { memoryApp, type TestApp } from '../support/app.ts'
import { failEachChange, type Saboteur } from '../support/each-change.ts'
import { registryBehind } from '../support/registries.ts'

/** Faults of a registry. The last one happens only once. */
const FAULTS = [
  'is down',
  'answers 500',
  'never answers',
  'cuts connections in mid-push',
  'loses its answers',
  'loses one answer',
] as const
type Fault = (typeof FAULTS)[number]

/** Returns a middleware that lets requests through until the saboteur begins. */
function faulty(fault: Fault): Saboteur & { middleware: MiddlewareHandler } {
  let active = false
  let left = 0
  let struck = 0
  return {
    begin: (after) => {
      active = true
      left = after
      struck = 0
    },
    end: () => {
      active = false
      return struck
    },
    middleware: async (c, next) => {
      if (!active || left-- > 0) return next()
      struck++
      const { socket } = c.env.incoming
      if (fault === 'answers 500') return c.text('out of order', 500)
      if (fault === 'never answers') {
        return new Promise((resolve) => socket.once('close', () => resolve(c.body(null))))
      }
      if (fault === 'cuts connections in mid-push') await c.req.raw.body?.getReader().read()
      if (fault.startsWith('loses')) await next()
      active = fault !== 'loses one answer'
      socket.destroy()
      return c.body(null)
    },
  }
}

async function appElsewhere(
  middleware: MiddlewareHandler,
  { attempts = 1, timeout = 10_000 } = {},
): Promise<TestApp> {
  const registry = new RemoteRegistry(await registryBehind([middleware]), {
    timeouts: { response: timeout, idle: timeout },
    retry: { attempts, firstDelay: 1, maxDelay: 2 },
  })
  const app = await memoryApp((parts) => {
    parts.ctx.registry = registry
    return parts
  })
  await app.client.createRepository()
  return app
}

describe.each(FAULTS)('a registry that %s', (fault) => {
  it('makes a change fail as a whole or succeed as a whole, at any request', async () => {
    const saboteur = faulty(fault)
    const app = await appElsewhere(saboteur.middleware, {
      ...(fault === 'loses one answer' && { attempts: 3 }),
      ...(fault === 'never answers' && { timeout: 150 }),
    })
    const refusals = await failEachChange(app, saboteur, { status: 503, code: 'unavailable' })
    if (fault === 'loses one answer') expect(refusals).toBe(0)
    else expect(refusals).toBeGreaterThan(20)
  })
})

describe('a slow registry', () => {
  it('delays a change without failing it', async () => {
    const { client } = await appElsewhere(async (_, next) => {
      await new Promise((resolve) => setTimeout(resolve, 60))
      await next()
    })
    expect(await client.publish('ws1')).toMatchObject({ lifecycle: 'Published', revision: 1 })
  })
})

describe('a registry that is down', () => {
  it('makes the server report that it is not ready, and why', async () => {
    const { begin, end, middleware } = faulty('is down')
    const { client } = await appElsewhere(middleware)
    begin(0)
    const unready = await client.send('/readyz')
    expect(unready.status).toBe(503)
    const { status, parts } = (await unready.json()) as { status: string; parts: object[] }
    expect(status).toBe('not ready')
    const message = expect.stringMatching(/^It does not answer: .*127\.0\.0\.1/)
    expect(parts).toContainEqual({ name: 'registry', status: 'failed', message })
    expect(parts).toContainEqual({ name: 'database', status: 'ok', message: 'It answers.' })
    end()
    expect((await client.send('/readyz')).status).toBe(200)
  })
})
