import { Notifier } from '../../core/notifier.ts'
import type { RevisionChange } from '../../domain/change.ts'
import type { WatchFilter } from './watch-filter.ts'

/**
 * Watchers with the same filter. They wait together, and wake only for changes that concern the filter: most changes
 * concern a few of a thousand watchers.
 */
export class WatchGroup {
  /** The number of watchers. */
  size = 0
  readonly filter: WatchFilter
  readonly #notifier = new Notifier()
  /** No change between these positions concerns the filter. */
  #quiet = { from: 0, to: 0 }

  constructor(filter: WatchFilter) {
    this.filter = filter
  }

  /** Resolves when there may be something new. Call it before reading. */
  wait(): Promise<void> {
    return this.#notifier.wait()
  }

  wake(): void {
    this.#notifier.notify()
  }

  /** Returns the position to continue from for a watcher at `position`. */
  skip(position: number): number {
    const { from, to } = this.#quiet
    return position >= from && position < to ? to : position
  }

  /** Must be called with all changes, in order; `from` is the position before the first. */
  receive(changes: readonly RevisionChange[], from: number): void {
    const to = changes.at(-1)?.resourceVersion ?? from
    if (changes.some((change) => this.filter.concerns(change))) this.wake()
    else this.#quiet = { from: this.#quiet.to === from ? this.#quiet.from : from, to }
  }
}
