/** What the server provides to the use cases where it owns the data: garbage collection and backups. */

/** What went from the registry, or would go. */
export type GarbageItem =
  | { kind: 'manifest' | 'link'; repository: string; digest: string }
  | { kind: 'blob'; digest: string; size: number }

export type GarbageReport = {
  dryRun: boolean
  manifests: number
  links: number
  blobs: number
  /** What the manifests and blobs took, in bytes. */
  bytes: number
  uploads: number
  milliseconds: number
  /** Repositories in which nothing was removed, and why. */
  skipped: { repository: string; reason: string }[]
  /** Whether it was cut short, as another process collects in the same store. */
  interrupted: boolean
}

/** What a registry needs to be told: which manifests are needed besides those that have tags. */
export type CollectGarbage = (options: {
  dryRun: boolean
  roots: (ociRepository: string) => Promise<string[]>
  /** What was needed since then stays, in milliseconds since 1970. */
  keepSince: number | undefined
  onRemoved: (item: GarbageItem) => void
}) => Promise<GarbageReport>

export type ArchiveInfo = {
  /** Version of pkgserver. */
  version: string
  /** `files` if the registry's files are in the backup; else the address of the registry that has them. */
  registry: 'files' | { elsewhere: string }
}

/** Where the data is that a backup takes. */
export type BackupSource = {
  /** Makes an empty folder for the copy, on the file system of the registry's files. */
  makeFolder: () => Promise<string>
  removeFolder: (folder: string) => Promise<void>
  /** Copies the index into the folder. */
  copyIndex: (folder: string) => Promise<void>
  /** Copies the registry's files into the folder; undefined where they are elsewhere. */
  registry: ((folder: string) => RegistryCopy) | undefined
  info: ArchiveInfo
}

export type RegistryCopy = {
  take: () => Promise<void>
  /** Takes these OCI repositories once more. */
  refresh: (repositories: Iterable<string>) => Promise<void>
}
