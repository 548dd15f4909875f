import { KeyedLock } from '../core/keyed-lock.ts'
import { Condemned } from './garbage/condemned.ts'
import type { BlobStore } from './store/blob-store.ts'

export type RegistryOptions = {
  /**
   * What nothing reaches is kept for this long after it was last written or asked for, in milliseconds: so much time
   * has a client from its first blob to its manifest. Processes that share a store must have the same.
   */
  grace?: number
  /** The clock, in milliseconds since 1970. */
  now?: () => number
}

/** What the parts of the registry share. */
export type RegistryContext = {
  store: BlobStore
  /** One change at a time for each repository. */
  locks: KeyedLock
  condemned: Condemned
  grace: number
  now: () => number
}

export const DEFAULT_GRACE = 60 * 60 * 1000

export function registryContext(store: BlobStore, options: RegistryOptions = {}): RegistryContext {
  const { grace = DEFAULT_GRACE, now = Date.now } = options
  return { store, locks: new KeyedLock(), condemned: new Condemned(store, now), grace, now }
}

/**
 * Whether what was written then is so young that nobody need write it again to keep it. Collections spare what is
 * younger than the grace period; a sixth of that is left to go unnoticed.
 */
export function isFresh(ctx: RegistryContext, modified: number): boolean {
  return modified > ctx.now() - freshFor(ctx)
}

/** So long nobody writes again what is there, in milliseconds. */
export function freshFor({ grace }: RegistryContext): number {
  return grace / 6
}
