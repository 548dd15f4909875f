/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
import type { Descriptor } from '../oci/descriptor.ts'
import { type Index, type Manifest, referrerType } from '../oci/manifest.ts'
import { digestOfName, manifestKey, referrerKey, referrersFolder } from './keys.ts'
import type { BlobStore } from './store/blob-store.ts'

/** Referrers: one small object for each manifest with a subject, its descriptor as the listing shows it. */
export class Referrers {
  readonly #store: BlobStore

  constructor(store: BlobStore) {
    this.#store = store
  }

  /** Records a manifest that is about to be stored; without a subject there is nothing to record. */
  async add(repository: string, manifest: Manifest | Index, descriptor: Descriptor): Promise<void> {
    if (!manifest.subject) return
    const artifactType = referrerType(manifest)
    const entry: Descriptor = {
      ...descriptor,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
    }
    const key = referrerKey(repository, manifest.subject.digest, descriptor.digest)
    await this.#store.put(key, Buffer.from(JSON.stringify(entry)))
  }

  async remove(repository: string, manifest: Manifest | Index, digest: string): Promise<void> {
    if (manifest.subject) await this.#store.delete(referrerKey(repository, manifest.subject.digest, digest))
  }

  /** The manifests whose subject this is, in the order of their digests. */
  async list(repository: string, subject: string): Promise<Descriptor[]> {
    const folder = referrersFolder(repository, subject)
    const entries = await Promise.all(
      (await this.#store.list(folder)).map(async ({ name }) => {
        const digest = digestOfName(name)
        // A crash can leave an entry without its manifest; it is none then.
        if (!digest || (await this.#store.size(manifestKey(repository, digest))) === undefined)
          return undefined
        const bytes = await this.#store.get(`${folder}/${name}`)
        return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Descriptor)
      }),
    )
    return entries.filter((entry) => entry !== undefined)
  }
}
