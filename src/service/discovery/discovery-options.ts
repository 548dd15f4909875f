import type { OpenSource } from './source-registry.ts'

export type DiscoveryOptions = {
  open: OpenSource
  /** Is told of failures that are the server's own. */
  report: (error: unknown) => void
  /** Is told of each pass that could not look at everything. */
  onFailure: (repository: string, reason: string) => void
}
