import type { Registry } from '../oci/roles.ts'
import { Blobs } from './blobs.ts'
import { type RegistryContext, type RegistryOptions, registryContext } from './context.ts'
import { EmbeddedRepository } from './embedded-repository.ts'
import { type CollectionReport, type CollectOptions, collectGarbage } from './garbage/collect.ts'
import { Manifests } from './manifests.ts'
import { Referrers } from './referrers.ts'
import { repositoriesOf } from './repositories.ts'
import type { BlobStore } from './store/blob-store.ts'
import { Tags } from './tags.ts'
import { Uploads } from './uploads.ts'

/** An OCI registry over a blob store, shared by `/v2/` and the services. It knows nothing of packages. */
export class EmbeddedRegistry implements Registry {
  readonly blobs: Blobs
  readonly uploads: Uploads
  readonly tags: Tags
  readonly referrers: Referrers
  readonly manifests: Manifests
  readonly #ctx: RegistryContext

  constructor(store: BlobStore, options?: RegistryOptions) {
    this.#ctx = registryContext(store, options)
    this.blobs = new Blobs(this.#ctx)
    this.uploads = new Uploads(this.#ctx, this.blobs)
    this.tags = new Tags(this.#ctx)
    this.referrers = new Referrers(this.#ctx)
    this.manifests = new Manifests(this.#ctx, this.blobs, this.tags, this.referrers)
  }

  repository(name: string): EmbeddedRepository {
    return new EmbeddedRepository(this, name)
  }

  async ping(): Promise<void> {
    await this.#ctx.store.ping()
  }

  /** Returns the names of all repositories that hold a manifest, in ASCII order. */
  async repositories(): Promise<string[]> {
    const names: string[] = []
    for await (const name of repositoriesOf(this.#ctx.store)) {
      if (await this.manifests.any(name)) names.push(name)
    }
    return names.sort()
  }

  /** Deletes content that nothing needs any more. Clients can push and pull while it runs. */
  async collectGarbage(options?: CollectOptions): Promise<CollectionReport> {
    return collectGarbage(this.#ctx, this, options)
  }
}
