import { KeyedLock } from '../core/keyed-lock.ts'
import { PendingDeletions } from './garbage/pending-deletions.ts'
import type { BlobStore } from './store/blob-store.ts'

export type RegistryOptions = {
  /**
   * How long content that nothing needs is kept after it was last written or requested, in milliseconds. This is the
   * time a client has between its first blob and its manifest. Processes that share a store must use the same value.
   */
  grace?: number
  /** The clock, in milliseconds since 1970. */
  now?: () => number
}

/** Shared by the parts of the registry. */
export type RegistryContext = {
  store: BlobStore
  /** Serializes the changes of each repository. */
  locks: KeyedLock
  pendingDeletions: PendingDeletions
  grace: number
  now: () => number
}

export const DEFAULT_GRACE = 60 * 60 * 1000

export function registryContext(store: BlobStore, options: RegistryOptions = {}): RegistryContext {
  const { grace = DEFAULT_GRACE, now = Date.now } = options
  return { store, locks: new KeyedLock(), pendingDeletions: new PendingDeletions(store, now), grace, now }
}

/**
 * Returns whether content is young enough for a push to rely on it without writing it again. Collections spare what is
 * younger than the grace period, so content that a push has relied on stays for at least five sixths of it.
 */
export function isFresh(ctx: RegistryContext, modified: number): boolean {
  return modified > ctx.now() - freshFor(ctx)
}

/** Returns how long content is fresh after it was written, in milliseconds. */
export function freshFor({ grace }: RegistryContext): number {
  return grace / 6
}
