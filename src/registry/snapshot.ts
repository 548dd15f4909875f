/** A copy of the registry's files as they are at a moment, while others go on writing. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BLOBS, blobKey, digestOfName, linksFolder, REPOSITORIES } from './keys.ts'
import { fileNameOf } from './store/key-path.ts'
import { linkFile, linkTree } from './store/link-tree.ts'

export class RegistrySnapshot {
  readonly #root: string
  readonly #folder: string

  /** Of the files in `root`, to be made in `folder`, which is on the same file system. */
  constructor(root: string, folder: string) {
    this.#root = root
    this.#folder = folder
  }

  /** All of it. What leads to content is taken before the content, which so is there. */
  async take(): Promise<void> {
    for (const part of [REPOSITORIES, BLOBS]) await linkTree(this.#path(part), this.#copy(part))
  }

  /** Some repositories once more, as they are now. */
  async refresh(repositories: Iterable<string>): Promise<void> {
    for (const repository of repositories) {
      const folder = `${REPOSITORIES}/${repository}`
      for (const name of await contents(this.#copy(folder))) {
        if (name.startsWith('_')) await rm(join(this.#copy(folder), name), { recursive: true })
      }
      for (const name of await contents(this.#path(folder))) {
        if (name.startsWith('_'))
          await linkTree(join(this.#path(folder), name), join(this.#copy(folder), name))
      }
      for (const name of await contents(this.#copy(linksFolder(repository)))) {
        const digest = digestOfName(name)
        if (digest) await linkFile(this.#path(blobKey(digest)), this.#copy(blobKey(digest)))
      }
    }
  }

  #path(key: string): string {
    return join(this.#root, ...key.split('/').map(fileNameOf))
  }

  #copy(key: string): string {
    return join(this.#folder, ...key.split('/').map(fileNameOf))
  }
}

async function contents(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
