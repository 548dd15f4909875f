/** A consistent copy of the registry's files, taken while clients keep writing. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BLOBS, blobKey, digestOfName, linksFolder, REPOSITORIES } from './keys.ts'
import { hardLinkFile, hardLinkTree } from './store/hard-links.ts'
import { pathOfKey } from './store/key-path.ts'
import { unlessMissing } from './store/missing-file.ts'

export class RegistrySnapshot {
  readonly #root: string
  readonly #folder: string

  /** Copies from `root` to `folder`, which is on the same file system. */
  constructor(root: string, folder: string) {
    this.#root = root
    this.#folder = folder
  }

  /** Copies everything. References come before content, so that all content they refer to is in the copy. */
  async take(): Promise<void> {
    for (const part of [REPOSITORIES, BLOBS]) await hardLinkTree(this.#path(part), this.#copy(part))
  }

  /** Copies some repositories again, as they are now. */
  async refresh(repositories: Iterable<string>): Promise<void> {
    for (const repository of repositories) {
      const folder = `${REPOSITORIES}/${repository}`
      for (const name of await contents(this.#copy(folder))) {
        if (name.startsWith('_')) await rm(join(this.#copy(folder), name), { recursive: true })
      }
      for (const name of await contents(this.#path(folder))) {
        if (name.startsWith('_'))
          await hardLinkTree(join(this.#path(folder), name), join(this.#copy(folder), name))
      }
      for (const name of await contents(this.#copy(linksFolder(repository)))) {
        const digest = digestOfName(name)
        if (digest) await hardLinkFile(this.#path(blobKey(digest)), this.#copy(blobKey(digest)))
      }
    }
  }

  #path(key: string): string {
    return pathOfKey(this.#root, key)
  }

  #copy(key: string): string {
    return pathOfKey(this.#folder, key)
  }
}

async function contents(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? []
}
