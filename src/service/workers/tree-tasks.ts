/** Parses the files that say what is in a repository of Glasskube that others keep: hostile ones take seconds. */
import {
  type IndexedPackage,
  readPackageIndex,
  readRepositoryIndex,
} from '../../domain/glasskube/index-files.ts'
import { type ManifestFiles, manifestFiles } from '../../domain/glasskube/manifest-files.ts'

/** `path` names the file in errors. */
type IndexFile = { content: Uint8Array; path: string }

/** Throws `invalid` and `too_large`. */
export async function repositoryIndex({ content, path }: IndexFile): Promise<IndexedPackage[]> {
  return readRepositoryIndex(content, path)
}

/** Throws `invalid` and `too_large`. */
export async function packageIndex({
  content,
  path,
}: IndexFile): Promise<ReturnType<typeof readPackageIndex>> {
  return readPackageIndex(content, path)
}

export async function filesOfManifest({ content }: { content: Uint8Array }): Promise<ManifestFiles> {
  return manifestFiles(content)
}
