/** Lets syncs that take long leave their places to others. */

export type LongSyncLimits = {
  /** Milliseconds after which a sync leaves its place. */
  after: number
  /** Syncs that go on after that, in all and of sources on one host. */
  all: number
  each: number
}

export class LongSyncs {
  readonly #limits: LongSyncLimits
  /** Of the syncs that go on. */
  readonly #hosts: string[] = []

  constructor(limits: LongSyncLimits) {
    this.#limits = limits
  }

  /** Settles with the sync, or once it has had its time: it goes on then if there is room, and must `stop` otherwise. */
  async place(host: string, sync: Promise<void>, stop: () => void): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      if (this.#hasRoom(host)) {
        this.#hosts.push(host)
        sync.catch(() => undefined).finally(() => this.#hosts.splice(this.#hosts.indexOf(host), 1))
      } else stop()
      resolve()
    }, this.#limits.after)
    await Promise.race([sync, late]).finally(() => clearTimeout(timer))
  }

  #hasRoom(host: string): boolean {
    const { all, each } = this.#limits
    return this.#hosts.length < all && this.#hosts.filter((other) => other === host).length < each
  }
}
