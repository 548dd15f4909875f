import { KeyedLock } from '../keyed-lock.ts'
import type { Registry } from '../oci/roles.ts'
import { Blobs } from './blobs.ts'
import { EmbeddedRepository } from './embedded-repository.ts'
import { REPOSITORIES } from './keys.ts'
import { Manifests } from './manifests.ts'
import { Referrers } from './referrers.ts'
import type { BlobStore } from './store/blob-store.ts'
import { Tags } from './tags.ts'
import { Uploads } from './uploads.ts'

/** An OCI registry over a blob store. It knows nothing of packages; `/v2/` and the services share it. */
export class EmbeddedRegistry implements Registry {
  readonly blobs: Blobs
  readonly uploads: Uploads
  readonly tags: Tags
  readonly referrers: Referrers
  readonly manifests: Manifests
  readonly #store: BlobStore

  constructor(store: BlobStore) {
    const locks = new KeyedLock()
    this.#store = store
    this.blobs = new Blobs(store, locks)
    this.uploads = new Uploads(store, this.blobs)
    this.tags = new Tags(store, locks)
    this.referrers = new Referrers(store)
    this.manifests = new Manifests(store, this.blobs, this.tags, this.referrers, locks)
  }

  repository(name: string): EmbeddedRepository {
    return new EmbeddedRepository(this, name)
  }

  async ping(): Promise<void> {
    await this.#store.ping()
  }

  /** The names of all repositories that hold a manifest, in ASCII order. */
  async repositories(): Promise<string[]> {
    const names: string[] = []
    const walk = async (folder: string, prefix: string): Promise<void> => {
      for (const { name, folder: isFolder } of await this.#store.list(folder)) {
        if (!isFolder || name.startsWith('_')) continue
        const repository = prefix + name
        if (await this.manifests.any(repository)) names.push(repository)
        await walk(`${folder}/${name}`, `${repository}/`)
      }
    }
    await walk(REPOSITORIES, '')
    return names.sort()
  }
}
