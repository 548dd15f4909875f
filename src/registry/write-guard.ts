/**
 * Says what clients of `/v2/` may not do, beyond what the protocol forbids. The registry knows nothing of packages;
 * whoever does tells it here. Each method answers with the reason of a refusal, or undefined where there is none.
 */
export interface WriteGuard {
  /** May a client create, move or delete this tag? A manifest can be deleted when all tags on it can. */
  tag(repository: string, tag: string): Promise<string | undefined>
  /** May a client delete blobs of this repository? */
  deleteBlobs(repository: string): Promise<string | undefined>
}

export const NO_GUARD: WriteGuard = {
  tag: async () => undefined,
  deleteBlobs: async () => undefined,
}
