/**
 * Logins that have begun: the browser keeps them until the identity provider sends it back, sealed, so that beginning
 * many of them costs the server nothing. Only the browser that has begun one can end it.
 */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { recent } from '../../core/recent.ts'
import { seal, unseal } from '../../core/seal.ts'
import type { Challenge } from './provider.ts'

/** In milliseconds. */
export const PENDING_LIFETIME = 10 * 60_000
/** Beyond these, the provider alone refuses to take a code twice. */
const REMEMBERED = 10_000

const pendingSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  until: z.int(),
})

type PendingLogin = Challenge & { returnTo: string }

export class PendingLogins {
  readonly #key: Buffer
  readonly #now: () => Date
  readonly #used = recent<true>(REMEMBERED)

  constructor(key: Buffer, now: () => Date) {
    this.#key = key
    this.#now = now
  }

  /** `returnTo`: where the browser goes in the end. */
  begin(returnTo: string): { pending: PendingLogin; sealed: string } {
    const pending = {
      state: random(),
      nonce: random(),
      verifier: random(),
      returnTo,
    }
    const until = this.#now().getTime() + PENDING_LIFETIME
    return { pending, sealed: seal(this.#key, { ...pending, until }) }
  }

  /** Takes a login that the browser has begun, once. Throws `unauthenticated` if there is none, or it is another one. */
  take(sealed: string | undefined, state: string | undefined): PendingLogin {
    const { success, data } = pendingSchema.safeParse(unseal(this.#key, sealed ?? ''))
    if (!success || data.state !== state) {
      throw new AppError('unauthenticated', 'this browser has not begun this login: log in again')
    }
    if (data.until <= this.#now().getTime()) {
      throw new AppError('unauthenticated', 'the login took longer than ten minutes: log in again')
    }
    if (this.#used.has(data.state)) {
      throw new AppError('unauthenticated', 'this login was used already: log in again')
    }
    this.#used.set(data.state, true)
    const { until: _, ...pending } = data
    return pending
  }
}

/** 256 bits, in a form that RFC 7636 allows for verifiers. */
function random(): string {
  return randomBytes(32).toString('base64url')
}
