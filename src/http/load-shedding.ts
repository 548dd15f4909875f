/**
 * Keeps the server from accepting more work than it can do: a limited number of requests of each kind run at once,
 * some more wait, and the rest are asked to retry.
 */
import type { MiddlewareHandler } from 'hono'
import { currentClient } from '../core/client.ts'
import { ByteBudget } from './byte-budget.ts'
import { Gate, type GateLimits } from './gate.ts'
import type { LoadClass } from './operation.ts'

export type LoadLimits = {
  /** Bytes that the bodies of all REST calls may hold in memory together. */
  bodies: number
  /** Bytes that the answers of all reads may hold in memory together. */
  answers: number
  gates: Record<Kind, GateLimits>
}

/** `large`: a write with a large body, which takes several times its size where it is JSON. */
type Kind = Exclude<LoadClass, 'none'> | 'large'

const WAIT = 15_000

export const LOAD_LIMITS: LoadLimits = {
  bodies: 128 * 1024 * 1024,
  // One client gets half of them, which is enough for the largest package.
  answers: 192 * 1024 * 1024,
  gates: {
    // Twice as many as the largest group commit takes.
    write: { atOnce: 32, queue: 256, wait: WAIT },
    large: { atOnce: 2, queue: 64, wait: WAIT },
    read: { atOnce: 16, queue: 256, wait: WAIT },
    // Each may have a page of 2 MiB. As many may wait as there are connections: each takes some milliseconds.
    list: { atOnce: 8, queue: 10_000, wait: WAIT, pause: 5 },
    // Uploads stream to the disk and may take an hour, so waiting for one is useless.
    push: { atOnce: 128, queue: 0, wait: 0 },
  },
}

/** Bodies of more bytes are large. */
const LARGE = 1024 * 1024

/** In seconds. */
export const RETRY_AFTER = '2'

export type Load = { bodies: ByteBudget; answers: ByteBudget; gates: Record<Kind, Gate> }

export function createLoad({ bodies, answers, gates }: LoadLimits = LOAD_LIMITS): Load {
  const kinds = Object.entries(gates).map(([kind, limits]) => [kind, new Gate(limits)])
  return {
    bodies: new ByteBudget(bodies, 'the bodies of other requests'),
    answers: new ByteBudget(answers, 'answers that clients have not read yet'),
    gates: Object.fromEntries(kinds),
  }
}

/**
 * Lets operations through the gate of their kind. Throws `overloaded` if there is no room. Where bodies are received
 * first, it comes after that: a client that sends slowly must not occupy a place.
 */
export function loadShedding({ gates, answers }: Load): MiddlewareHandler {
  return function loadShedding(c, next) {
    let kind: Kind | 'none' = c.get('operation')?.load ?? 'none'
    if (kind === 'none') return next()
    const body = kind === 'write' ? c.get('receivedBody') : undefined
    if (body && body.bytes.byteLength > LARGE) kind = 'large'
    return gates[kind].pass(() => {
      // Here, as a request that waits has no answer yet.
      if (kind === 'list') answers.checkRoom(currentClient())
      return next()
    })
  }
}
