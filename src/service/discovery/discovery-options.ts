import type { LongSyncLimits } from './long-syncs.ts'
import type { OpenSource } from './source-registry.ts'

export type DiscoveryOptions = {
  open: OpenSource
  /** Called with failures that are the server's own. */
  report: (error: unknown) => void
  /** Called for each sync that could not read everything. */
  onFailure: (repository: string, reason: string) => void
  longSyncs?: Partial<LongSyncLimits>
}
