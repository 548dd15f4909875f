/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
import type { Descriptor } from '../oci/descriptor.ts'
import { type Index, type Manifest, referrerType } from '../oci/manifest.ts'
import type { RegistryContext } from './context.ts'
import { digestOfName, manifestKey, referrerKey, referrersFolder } from './keys.ts'
import type { BlobStore } from './store/blob-store.ts'

/** Larger annotations are left out of the listing; clients can read them from the manifest. */
const MAX_ANNOTATIONS = 256 * 1024

/** Referrers: for each manifest with a subject, one small object with its descriptor as the listing shows it. */
export class Referrers {
  readonly #store: BlobStore

  constructor({ store }: RegistryContext) {
    this.#store = store
  }

  /** Records a manifest that is about to be stored. Does nothing for one without a subject. */
  async add(repository: string, manifest: Manifest | Index, descriptor: Descriptor): Promise<void> {
    if (!manifest.subject) return
    const artifactType = referrerType(manifest)
    const { annotations } = manifest
    const listed = annotations !== undefined && JSON.stringify(annotations).length <= MAX_ANNOTATIONS
    const entry: Descriptor = {
      ...descriptor,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(listed ? { annotations } : {}),
    }
    const key = referrerKey(repository, manifest.subject.digest, descriptor.digest)
    await this.#store.put(key, Buffer.from(JSON.stringify(entry)))
  }

  /** Returns whether the listing lacks a manifest that has a subject. */
  async lacks(repository: string, manifest: Manifest | Index, digest: string): Promise<boolean> {
    if (!manifest.subject) return false
    return !(await this.#store.stat(referrerKey(repository, manifest.subject.digest, digest)))
  }

  async remove(repository: string, manifest: Manifest | Index, digest: string): Promise<void> {
    if (manifest.subject) await this.#store.delete(referrerKey(repository, manifest.subject.digest, digest))
  }

  /** Lists the manifests with this subject, ordered by digest, after the digest `last`. */
  async *list(
    repository: string,
    subject: string,
    options: { artifactType?: string | undefined; last?: string | undefined } = {},
  ): AsyncGenerator<Descriptor> {
    const { artifactType, last } = options
    const folder = referrersFolder(repository, subject)
    for (const { name } of await this.#store.list(folder)) {
      const digest = digestOfName(name)
      if (digest === undefined || (last !== undefined && digest <= last)) continue
      // A crash can leave an entry without its manifest.
      if ((await this.#store.stat(manifestKey(repository, digest))) === undefined) continue
      const bytes = (await this.#store.get(`${folder}/${name}`))?.bytes
      if (!bytes) continue
      const descriptor: Descriptor = JSON.parse(Buffer.from(bytes).toString())
      if (artifactType === undefined || descriptor.artifactType === artifactType) yield descriptor
    }
  }
}
