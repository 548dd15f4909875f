/** Ends streams, which go on after their request was allowed, when the rights of their callers change. */
import { isDeepStrictEqual } from 'node:util'
import { findSession } from '../../database/access/sessions.ts'
import { findToken } from '../../database/access/tokens.ts'
import { tokenProblem } from '../../domain/access/token.ts'
import type { AccessControl } from './access-control.ts'
import { type Actor, isPrincipal } from './actor.ts'
import { authenticatePrincipal, isSessionOver } from './authenticate.ts'
import type { Caller } from './policy.ts'
import { viewKey } from './visible.ts'

/** Milliseconds between two looks at the policy. */
const EVERY = 500
/** Milliseconds between two looks at a session, which ends without a change of the policy when it is not used. */
const SESSION_EVERY = 60_000

export type CallerStream = {
  readonly caller: Caller
  /** Aborted soon after the caller sees something else than when the stream began, or is no longer known. */
  readonly signal: AbortSignal
  /** Resolves to whether the caller sees what it saw when the stream began. Asked before each message. */
  holds: () => Promise<boolean>
  /** Must be called when the stream has ended. */
  end: () => void
}

export class StreamRights {
  readonly #access: AccessControl
  readonly #streams = new Set<CallerStream>()
  #timer: NodeJS.Timeout | undefined

  constructor(access: AccessControl) {
    this.#access = access
  }

  begin(caller: Caller): CallerStream {
    const over = new AbortController()
    const seen = viewKey(caller)
    let { policy } = caller
    let checkedAt = this.#access.ctx.now().getTime()
    const check = async (): Promise<boolean> => {
      const { actor } = caller
      const time = this.#access.ctx.now()
      if (hasExpired(actor, time)) return false
      const now = await this.#access.policy()
      const isDue = isPrincipal(actor) && actor.session && time.getTime() - checkedAt >= SESSION_EVERY
      if (now === policy && !isDue) return true
      if (viewKey({ policy: now, actor }) !== seen || !(await isStillKnown(this.#access, actor))) return false
      policy = now
      checkedAt = time.getTime()
      return true
    }
    const stream: CallerStream = {
      caller,
      signal: over.signal,
      holds: async () => {
        if (over.signal.aborted) return false
        // What cannot be found out is no right.
        const holds = await check().catch(() => false)
        if (!holds) over.abort()
        return holds
      },
      end: () => {
        this.#streams.delete(stream)
        if (this.#streams.size > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      },
    }
    this.#streams.add(stream)
    this.#timer ??= setInterval(() => {
      for (const each of this.#streams) void each.holds()
    }, EVERY).unref()
    return stream
  }
}

function hasExpired(actor: Actor, now: Date): boolean {
  const end = isPrincipal(actor) ? (actor.token ?? actor.session)?.expiresAt : undefined
  return end !== undefined && Date.parse(end) <= now.getTime()
}

async function isStillKnown(access: AccessControl, actor: Actor): Promise<boolean> {
  if (!isPrincipal(actor)) return true
  const found = await authenticatePrincipal(access, actor.principalId)
  if ('refused' in found || !isDeepStrictEqual(found.actor.groups, actor.groups)) return false
  if (actor.session) {
    const session = await findSession(access.ctx.db, actor.session.id)
    return session !== undefined && !isSessionOver(session, access.ctx.now())
  }
  if (!actor.token) return true
  const token = await findToken(access.ctx.db, actor.token.id)
  return token !== undefined && tokenProblem(token, access.ctx.now().toISOString()) === undefined
}
