/**
 * Refuses writes of `/v2/` clients that the protocol would allow. Services use it to protect packages, since the
 * registry itself knows nothing of them. Each method returns the reason for a refusal, or undefined to allow the write.
 * It is called under the repository's lock, so its answer still holds when the write is done.
 */
export interface WriteGuard {
  /** Called before a client creates a tag or points it to another manifest. */
  setTag(repository: string, tag: string, manifest: Uint8Array): Promise<string | undefined>
  deleteTag(repository: string, tag: string): Promise<string | undefined>
  /** Called before a client deletes a manifest, and with it the tags that point to it. */
  deleteManifest(
    repository: string,
    manifest: { artifactType: string | undefined; tags: readonly string[] },
  ): Promise<string | undefined>
  /** Called before a client deletes a blob of the repository. */
  deleteBlobs(repository: string): Promise<string | undefined>
}

export const NO_GUARD: WriteGuard = {
  setTag: async () => undefined,
  deleteTag: async () => undefined,
  deleteManifest: async () => undefined,
  deleteBlobs: async () => undefined,
}
