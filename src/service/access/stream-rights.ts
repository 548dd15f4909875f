/** Ends streams, which go on after their request was allowed, when the rights of their callers change. */
import type { AccessControl } from './access-control.ts'
import { type Actor, isPrincipal } from './actor.ts'
import { authenticateLater, authenticateSessionId } from './authenticate.ts'
import type { Caller } from './policy.ts'
import { viewKey } from './visible.ts'

/** Milliseconds between two looks at the policy. */
const EVERY = 500

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
    let last: Partial<Caller> = caller
    const check = async (): Promise<boolean> => {
      const policy = await this.#access.policy()
      const actor = await actorNow(this.#access, caller.actor)
      if (policy === last.policy && actor === last.actor) return true
      if (!actor || viewKey({ policy, actor }) !== seen) return false
      last = { policy, actor }
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

/** undefined for a caller whose token or account has ended. */
async function actorNow(access: AccessControl, actor: Actor): Promise<Actor | undefined> {
  if (actor.kind === 'root') return access.rootTokens.findById(actor.tokenId)
  if (!isPrincipal(actor)) return actor
  const { principalId, token, session } = actor
  const found = session
    ? await authenticateSessionId(access, session.id)
    : await authenticateLater(access, { principalId, tokenId: token?.id ?? null })
  return 'actor' in found ? found.actor : undefined
}
