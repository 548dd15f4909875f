/** The strategies for merging a newer upstream, named as in `kpt pkg update`. */
export const MERGE_STRATEGIES = [
  /** Field by field; different changes by both sides are conflicts. */
  'resource-merge',
  /** Only without local changes. */
  'fast-forward',
  /** Upstream's files instead of the local ones; only the Kptfile is merged. */
  'force-delete-replace',
  /** Upstream's files over the local ones; files that exist only locally stay. */
  'copy-merge',
] as const
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number]
