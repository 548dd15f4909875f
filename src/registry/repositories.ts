import { REPOSITORIES } from './keys.ts'
import type { BlobStore } from './store/blob-store.ts'

/** The names of all repositories of which the store has anything, be it a blob that no manifest needs yet. */
export async function* repositoriesOf(store: BlobStore): AsyncGenerator<string> {
  yield* repositoriesBelow(store, [])
}

async function* repositoriesBelow(store: BlobStore, path: string[]): AsyncGenerator<string> {
  const children = await store.list([REPOSITORIES, ...path].join('/'))
  const folders = children.filter(({ folder }) => folder).map(({ name }) => name)
  // What begins like this is content of a repository, and no part of a name.
  if (path.length > 0 && folders.some((name) => name.startsWith('_'))) yield path.join('/')
  for (const name of folders) {
    if (!name.startsWith('_')) yield* repositoriesBelow(store, [...path, name])
  }
}
