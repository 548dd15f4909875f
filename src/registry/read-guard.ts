/**
 * Hides content from the client of a request. Services use it for drafts and records, since the registry itself knows
 * nothing of packages. A client without a guard reads everything.
 */
export interface ReadGuard {
  /** Whether the client may read anything in a repository. */
  seesPartOf(repository: string): boolean
  /** Whether it may read everything in it, and not only what is public. */
  seesAllOf(repository: string): boolean
  /** Whether what a tag leads to is for those alone who may read everything. */
  hidesTag(tag: string): boolean
  /** Whether an artifact of this type is public only if `isPublic` says so, whatever leads to it. */
  hidesType(artifactType: string): boolean
  /** Whether a digest is that of a manifest or a blob of something public. */
  isPublic(repository: string, digest: string): Promise<boolean>
}
