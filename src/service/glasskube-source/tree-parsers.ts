/** Parses the index files and manifests of a tree: in this thread, or in the workers of a server. */
import { filesOfManifest, packageIndex, repositoryIndex } from '../workers/tree-tasks.ts'
import type { AsyncTasks } from '../workers/worker-pool.ts'

const PARSERS = { repositoryIndex, packageIndex, filesOfManifest }

export type TreeParsers = typeof PARSERS

/** For commands, which serve no requests meanwhile. */
export const PARSERS_IN_THIS_THREAD: TreeParsers = PARSERS

/** `repository`: the repository that the tree is the source of. */
export function parsersInWorkers(tasks: AsyncTasks, repository: string): TreeParsers {
  return {
    repositoryIndex: (input) => tasks.repositoryIndex(input, repository),
    packageIndex: (input) => tasks.packageIndex(input, repository),
    filesOfManifest: (input) => tasks.filesOfManifest(input, repository),
  }
}
