import { AppError } from '../core/errors.ts'
import { Tally } from '../core/tally.ts'

/** Proxies make many clients look like one, so what most of them need may take more. */
const SMALL = 1024 * 1024
const OF_ONE_CLIENT = { small: 3 / 4, large: 1 / 2 }

/** The bytes of one request. */
export type Share = {
  /** Throws `overloaded` if there is no room for them. */
  take: (bytes: number) => void
  /** Adds what is still missing to that many bytes, which are there already, without a check. */
  hold: (bytes: number) => void
  /** Without a number, all of them. */
  giveBack: (bytes?: number) => void
}

/** Limits the bytes that all requests hold in memory together. */
export class ByteBudget {
  readonly #most: number
  readonly #what: string
  readonly #byClient = new Tally()
  #used = 0

  /** `what` holds the bytes, for the message of the error. */
  constructor(most: number, what: string) {
    this.#most = most
    this.#what = what
  }

  get used(): number {
    return this.#used
  }

  /** Throws `overloaded` if that many bytes do not fit. Takes none of them: a client may announce bytes and never send them. */
  check(bytes: number): void {
    if (this.#used + bytes > this.#most) throw this.#overloaded()
  }

  /** Throws `overloaded` if no bytes are left, or none for this client. */
  checkRoom(client: string): void {
    if (this.#used >= this.#most || this.#byClient.of(client) >= this.#most / 2) throw this.#overloaded()
  }

  /**
   * The share of a request. One client leaves a quarter of the bytes to others, and with large amounts half of them; the
   * server itself, without a name, may have all.
   */
  share(client = ''): Share {
    let taken = 0
    return {
      take: (bytes) => {
        // A request that is alone gets as much as it needs, as it would never get it otherwise.
        if (this.#used > taken) this.check(bytes)
        const own = this.#byClient.of(client)
        const most = this.#most * OF_ONE_CLIENT[bytes > SMALL ? 'large' : 'small']
        if (own > taken && own + bytes > most) throw this.#overloaded()
        taken += bytes
        this.#add(bytes, client)
      },
      hold: (bytes) => {
        const more = Math.max(0, bytes - taken)
        taken += more
        this.#add(more, client)
      },
      giveBack: (bytes = taken) => {
        const given = Math.min(bytes, taken)
        taken -= given
        this.#add(-given, client)
      },
    }
  }

  #add(bytes: number, client: string): void {
    this.#used += bytes
    if (client !== '') this.#byClient.add(client, bytes)
  }

  #overloaded(): AppError {
    return new AppError(
      'overloaded',
      `${this.#what} use all memory that is reserved for them. Nothing was changed; try again in a moment.`,
    )
  }
}
