import { REPOSITORIES } from './keys.ts'
import type { BlobStore } from './store/blob-store.ts'

/** Lists the names of all repositories with any content, even just a blob that no manifest needs yet. */
export async function* repositoriesOf(store: BlobStore): AsyncGenerator<string> {
  yield* repositoriesBelow(store, [])
}

async function* repositoriesBelow(store: BlobStore, path: string[]): AsyncGenerator<string> {
  const children = await store.list([REPOSITORIES, ...path].join('/'))
  const folders = children.filter(({ folder }) => folder).map(({ name }) => name)
  // Folders that begin with "_" hold the content of a repository; they are not part of its name.
  if (path.length > 0 && folders.some((name) => name.startsWith('_'))) yield path.join('/')
  for (const name of folders) {
    if (!name.startsWith('_')) yield* repositoriesBelow(store, [...path, name])
  }
}
