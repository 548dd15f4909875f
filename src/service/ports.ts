/** Functions that the server provides to the use cases if it owns the data: garbage collection and backups. */

/** Content that was deleted from the registry, or would be. */
export type GarbageItem =
  | { kind: 'manifest' | 'link'; repository: string; digest: string }
  | { kind: 'blob'; digest: string; size: number }

export type GarbageReport = {
  dryRun: boolean
  manifests: number
  links: number
  blobs: number
  /** The size of the deleted manifests and blobs. */
  bytes: number
  uploads: number
  milliseconds: number
  /** Repositories from which nothing was deleted, and why. */
  skipped: { repository: string; reason: string }[]
  /** Whether it stopped early, because another process collects garbage in the same store. */
  interrupted: boolean
}

/** Deletes unreferenced content. `roots` returns the manifests of an OCI repository to keep besides tagged ones. */
export type CollectGarbage = (options: {
  dryRun: boolean
  roots: (ociRepository: string) => Promise<string[]>
  /** Content that was referenced since then is kept, in milliseconds since 1970. */
  keepSince: number | undefined
  onRemoved: (item: GarbageItem) => void
}) => Promise<GarbageReport>

export type ArchiveInfo = {
  /** Version of pkgserver. */
  version: string
  /** `files` if the registry's files are in the backup; else the address of the remote registry. */
  registry: 'files' | { elsewhere: string }
}

/** The data that a backup contains. */
export type BackupSource = {
  /** Creates an empty folder for the copy, on the file system of the registry's files. */
  makeFolder: () => Promise<string>
  removeFolder: (folder: string) => Promise<void>
  /** Copies the index into the folder. */
  copyIndex: (folder: string) => Promise<void>
  /** Copies the registry's files into the folder; undefined for a remote registry. */
  registry: ((folder: string) => RegistryCopy) | undefined
  info: ArchiveInfo
}

export type RegistryCopy = {
  take: () => Promise<void>
  /** Copies these OCI repositories again. */
  refresh: (repositories: Iterable<string>) => Promise<void>
}
