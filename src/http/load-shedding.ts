/**
 * What keeps the server from taking on more than it can do: so many requests of a kind are at work at once, some more
 * wait for them, and all others are told to come again. Whatever is cheap, as GETs of manifests, passes by.
 */
import type { Context, MiddlewareHandler } from 'hono'
import { BASE_PATH } from '../api/rest/base-path.ts'
import { AppError } from '../core/errors.ts'
import { ByteBudget } from './byte-budget.ts'
import { Gate, type GateLimits } from './gate.ts'

export type LoadLimits = {
  /** Bytes that the bodies of all REST calls may hold together. */
  bodies: number
  gates: Record<Kind, GateLimits>
}

/**
 * `write`: calls that change something. `large`: the same with archives and large bodies, each of which may be 64 MiB
 * of files. `read`: calls that unpack and compare packages. `push`: what changes something in `/v2`; uploads go to the
 * disk as they come, and may take an hour, so nobody waits for them.
 */
export type Kind = 'write' | 'large' | 'read' | 'push'

const WAIT = 15_000

export const LOAD_LIMITS: LoadLimits = {
  bodies: 256 * 1024 * 1024,
  gates: {
    // Twice what it takes for commits to be as large as they get.
    write: { atOnce: 32, queue: 256, wait: WAIT },
    large: { atOnce: 4, queue: 64, wait: WAIT },
    read: { atOnce: 16, queue: 256, wait: WAIT },
    push: { atOnce: 128, queue: 0, wait: 0 },
  },
}

/** Bodies of more bytes are large. */
const LARGE = 1024 * 1024

/** In seconds. */
export const RETRY_AFTER = '2'

export type Load = { bodies: ByteBudget; gates: Record<Kind, Gate> }

export function createLoad({ bodies, gates }: LoadLimits = LOAD_LIMITS): Load {
  const { write, large, read, push } = gates
  return {
    bodies: new ByteBudget(bodies),
    gates: { write: new Gate(write), large: new Gate(large), read: new Gate(read), push: new Gate(push) },
  }
}

/** For REST: when the body has been received, so that nobody keeps a place by sending slowly. */
export function restLoadShedding({ gates }: Load): MiddlewareHandler {
  return async function restLoadShedding(c, next) {
    const kind = restKind(c)
    return kind ? gates[kind].pass(next) : next()
  }
}

/** For `/v2`. */
export function pushLoadShedding({ gates }: Load): MiddlewareHandler {
  return async function pushLoadShedding(c, next) {
    if (['GET', 'HEAD'].includes(c.req.method)) return next()
    try {
      return await gates.push.pass(next)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'overloaded')) throw error
      // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
      const errors = [{ code: 'TOOMANYREQUESTS', message: error.message }]
      return c.json({ errors }, 429, { 'Retry-After': RETRY_AFTER })
    }
  }
}

const UNPACKS = /^\/packagerevisions\/[^/]+\/(?:diff|resources(?:\/.*)?|upgrade-preview)$/
/** They hold no package in memory; and what helps an overloaded server must not wait. */
const CHEAP = /^\/(?:garbage-collections|jobs\/[^/]+\/cancel)$/

function restKind(c: Context): Kind | undefined {
  const path = c.req.path.slice(BASE_PATH.length)
  const body = c.var.receivedBody
  if (c.req.method === 'GET' || path.endsWith('/upgrade-preview'))
    return UNPACKS.test(path) ? 'read' : undefined
  if (c.req.method === 'HEAD' || CHEAP.test(path)) return undefined
  return body && (body.archive || body.bytes.byteLength > LARGE) ? 'large' : 'write'
}
