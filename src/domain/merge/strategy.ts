/** How a newer upstream is taken in; the names are those of `kpt pkg update`. */
export const MERGE_STRATEGIES = [
  /** Field by field: what both sides changed is a conflict. */
  'resource-merge',
  /** Only where nothing was changed locally. */
  'fast-forward',
  /** Upstream's files, whatever was changed locally; only the Kptfile is merged. */
  'force-delete-replace',
  /** Upstream's files over the local ones; files that are only local stay. */
  'copy-merge',
] as const
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number]
