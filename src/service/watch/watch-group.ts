import type { RevisionChange } from '../../domain/change.ts'
import type { WatchFilter } from './watch-filter.ts'

/**
 * Those who watch with the same filter. They wait together, and are woken only where there is something for them: most
 * changes are for a few of a thousand.
 */
export class WatchGroup {
  /** How many they are. */
  size = 0
  readonly #filter: WatchFilter
  #waiting: PromiseWithResolvers<void> | undefined
  /** Between these positions nothing has happened that the filter has. */
  #quiet = { from: 0, to: 0 }

  constructor(filter: WatchFilter) {
    this.#filter = filter
  }

  /** Resolves when there may be something new. To be asked for before looking. */
  next(): Promise<void> {
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  wake(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  /** The position to go on from for who is at that one. */
  skip(position: number): number {
    const { from, to } = this.#quiet
    return position >= from && position < to ? to : position
  }

  /** To be told all changes, in their order: those behind `from`, up to the last of these. */
  tell(changes: readonly RevisionChange[], from: number): void {
    const to = changes.at(-1)?.resourceVersion ?? from
    if (changes.some((change) => this.#filter.concerns(change))) this.wake()
    else this.#quiet = { from: this.#quiet.to === from ? this.#quiet.from : from, to }
  }
}
