import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import * as errors from 'jose/errors'
import { createLocalJWKSet } from 'jose/jwks/local'
import { AppError } from '../../core/errors.ts'

/** Milliseconds. After the first, keys are fetched again in the background; after the second, old ones are not used. */
const FRESH = 60 * 60_000
const USABLE = 24 * FRESH
/** Between two fetches, whatever their reason and outcome: clients can name keys that do not exist. */
const COOLDOWN = 30_000

export type KeySetOptions = {
  fetch: () => Promise<unknown>
  now: () => Date
  /** Called with errors of fetches that no caller waits for. */
  report: (error: unknown) => void
}

/** The public keys of an issuer, fetched when they are first needed. */
export class KeySet {
  readonly #options: KeySetOptions
  #keys: JWTVerifyGetKey | undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined
  #failure: unknown

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** Finds the key of a token. Throws what jose throws for one that names no key of the issuer, and `unavailable`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#usable()
    try {
      return await keys(header, token)
    } catch (error) {
      // It may be a new one.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayFetch()) throw error
    }
    await this.#fetch()
    return (await this.#usable())(header, token)
  }

  async #usable(): Promise<JWTVerifyGetKey> {
    const age = this.#now() - this.#fetchedAt
    if (age >= USABLE) await this.#fetch()
    else if (age >= FRESH && this.#mayFetch()) this.#fetch().catch(this.#options.report)
    if (this.#keys) return this.#keys
    throw new AppError('unavailable', 'the keys of the issuer have not been fetched: try again')
  }

  /** Shares a fetch in flight. Throws why the last one failed while there can be no other. */
  async #fetch(): Promise<void> {
    if (!this.#fetching && !this.#mayFetch()) throw this.#failure
    this.#fetching ??= this.#fetchNow().finally(() => {
      this.#fetching = undefined
    })
    await this.#fetching
  }

  async #fetchNow(): Promise<void> {
    this.#triedAt = this.#now()
    try {
      const found = await this.#options.fetch()
      this.#keys = keysIn(found)
      this.#fetchedAt = this.#now()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #mayFetch(): boolean {
    return this.#now() - this.#triedAt >= COOLDOWN
  }

  #now(): number {
    return this.#options.now().getTime()
  }
}

/** Throws `unavailable` for what is no key set. */
export function keysIn(found: unknown): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(found as JSONWebKeySet)
  } catch (cause) {
    throw new AppError('unavailable', 'the issuer has answered with something that is no set of keys', {
      cause,
    })
  }
}
