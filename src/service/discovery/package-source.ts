/** The places that the packages of catalogs come from: registries, and trees in the format of Glasskube. */
import type { ForeignLayer } from '../../artifact/foreign-artifact.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import type { UnfitTag, VersionTag } from '../../domain/version-tag.ts'
import type { Annotations } from '../../oci/descriptor.ts'

export type SourceVersions = {
  /** Oldest first. */
  versions: VersionTag[]
  unfit: UnfitTag[]
  /** The tag that the source itself calls the latest version, if it does. */
  latest?: string | undefined
}

export type SourceArtifact = {
  digest: string
  files: PackageFiles | { layers: ForeignLayer[] }
  annotations: Annotations
}

/** An artifact that will never be readable. `digest` is null where it could not be computed. */
export type FaultyArtifact = { digest: string | null; fault: string }

export type PackageSource = {
  /** Lists the names of all packages. */
  packages(): Promise<string[]>
  /** `name` can be the name of a package. */
  versions(name: string): Promise<SourceVersions>
  /** Resolves to the digest of the artifact that a tag has now; undefined if it is gone. */
  digest(name: string, tag: string): Promise<string | undefined>
  /** Reads an artifact; undefined if it is gone, or still has the digest `known`. */
  read(
    name: string,
    tag: string,
    known: string | null | undefined,
  ): Promise<SourceArtifact | FaultyArtifact | undefined>
}
