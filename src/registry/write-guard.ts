/**
 * Says what clients of `/v2/` may not do, beyond what the protocol forbids. The registry knows nothing of packages;
 * whoever does tells it here. Each method answers with the reason of a refusal, or undefined where there is none. It
 * is asked by the holder of the repository's lock: what it answers is still so when the write is done.
 */
export interface WriteGuard {
  /** May a client create this tag, or point it to another manifest? */
  setTag(repository: string, tag: string): Promise<string | undefined>
  deleteTag(repository: string, tag: string): Promise<string | undefined>
  /** The tags on a manifest go with it. */
  deleteManifest(
    repository: string,
    manifest: { artifactType: string | undefined; tags: readonly string[] },
  ): Promise<string | undefined>
  /** May a client delete blobs of this repository? */
  deleteBlobs(repository: string): Promise<string | undefined>
}

export const NO_GUARD: WriteGuard = {
  setTag: async () => undefined,
  deleteTag: async () => undefined,
  deleteManifest: async () => undefined,
  deleteBlobs: async () => undefined,
}
