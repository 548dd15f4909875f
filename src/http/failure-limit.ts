import { AppError } from '../core/errors.ts'
import { recent } from '../core/recent.ts'

const AT_ONCE = 10
/** Milliseconds after which one more is possible. */
const INTERVAL = 6000

/** The same in seconds, for the header `Retry-After`. */
export const RETRY_FAILURE_AFTER = String(INTERVAL / 1000)

const REMEMBERED = 50_000

/** Limits failed attempts to authenticate, which are counted for each network and token. Others are not affected. */
export class FailureLimit {
  readonly #now: () => Date
  readonly #refusal: string
  /** When all attempts are possible again, in milliseconds since 1970. */
  readonly #recovery = recent<number>(REMEMBERED)

  /** `what`: the attempts that are too many. */
  constructor(
    now: () => Date,
    { what = 'attempts with wrong credentials', remedy = ', and send a valid token' } = {},
  ) {
    this.#now = now
    this.#refusal = `too many ${what}: wait ${RETRY_FAILURE_AFTER} seconds${remedy}`
  }

  /** Throws `throttled` if there were too many failures already. */
  check(network: string): void {
    const now = this.#now().getTime()
    const recovery = this.#recovery.get(`${network} `) ?? 0
    if (recovery - now > (AT_ONCE - 1) * INTERVAL) throw new AppError('throttled', this.#refusal)
  }

  /** Counts a failure. Throws `throttled` if there were too many. `tokenId`: of a token that is known and not valid. */
  count(network: string, tokenId = ''): void {
    const key = `${network} ${tokenId}`
    const now = this.#now().getTime()
    const recovery = Math.max(now, this.#recovery.get(key) ?? 0) + INTERVAL
    if (recovery - now > AT_ONCE * INTERVAL) throw new AppError('throttled', this.#refusal)
    this.#recovery.set(key, recovery)
  }

  /**
   * Counts an attempt before it is known whether it fails: for secrets that are short enough to be guessed, also by many
   * attempts at the same time. Returns a function that takes it back.
   */
  attempt(network: string, tokenId = ''): () => void {
    this.count(network, tokenId)
    const key = `${network} ${tokenId}`
    return () => {
      this.#recovery.set(key, (this.#recovery.get(key) ?? 0) - INTERVAL)
    }
  }
}
