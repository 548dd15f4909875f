import { fetchForeignArtifact } from '../../artifact/foreign-artifact.ts'
import { AppError } from '../../core/errors.ts'
import type { RepositorySource } from '../../domain/repository-source.ts'
import type { ResourceLimits } from '../../domain/resources.ts'
import { AUDIT_REPOSITORY } from '../../domain/tags.ts'
import { isVersionTag, versionTags } from '../../domain/version-tag.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isNotFound, OciError } from '../../oci/errors.ts'
import type { PackageSource, SourceVersions } from './package-source.ts'
import { faultOfArtifact, type SourceRegistry } from './source-registry.ts'

/** The longest that an artifact may take to arrive, in milliseconds: others wait meanwhile. */
const ARTIFACT_TIMEOUT = 2 * 60 * 1000

export type RegistrySourceOptions = {
  source: RepositorySource
  limits: ResourceLimits
  signal: AbortSignal
}

/** The artifacts below a place in a registry, of which tags that are versions become revisions. */
export function registrySource(registry: SourceRegistry, options: RegistrySourceOptions): PackageSource {
  const { source, limits, signal } = options
  const fetching = { limits, signal, timeout: ARTIFACT_TIMEOUT }
  const resolve = async (name: string, tag: string): Promise<Descriptor | undefined> => {
    try {
      return await registry.repository(name).resolve(tag)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
  return {
    packages: () => repositoriesOf(registry),
    versions: (name) => versionsOf(registry, source, name),
    digest: async (name, tag) => (await resolve(name, tag))?.digest,
    read: async (name, tag, known) => {
      const descriptor = await resolve(name, tag)
      if (!descriptor || descriptor.digest === known) return undefined
      const { digest } = descriptor
      try {
        const artifact = await fetchForeignArtifact(registry.repository(name), descriptor, fetching)
        return { digest, files: { layers: artifact.layers }, annotations: artifact.annotations }
      } catch (error) {
        const fault = faultOfArtifact(error)
        if (fault === undefined) throw error
        return { digest, fault }
      }
    },
  }
}

/** Throws `not_available` where the registry does not list its repositories. */
async function repositoriesOf(registry: SourceRegistry): Promise<string[]> {
  try {
    // The source may be a pkgserver.
    return (await registry.repositories()).filter((name) => name !== AUDIT_REPOSITORY)
  } catch (error) {
    if (!(error instanceof OciError) || error.code === 'unavailable') throw error
    throw new AppError(
      'not_available',
      `the registry does not list its repositories (${error.message}): name those to take in the packages of the source`,
      { cause: error },
    )
  }
}

async function versionsOf(
  registry: SourceRegistry,
  { packages, prereleases }: RepositorySource,
  name: string,
): Promise<SourceVersions> {
  const tags: string[] = []
  try {
    for await (const tag of registry.repository(name).tags()) if (isVersionTag(tag)) tags.push(tag)
  } catch (error) {
    // Registries still list a repository whose last tag was deleted; one that the source names should exist.
    if (isNotFound(error) && packages === null) return { versions: [], unfit: [] }
    throw error
  }
  return versionTags(tags, { prereleases })
}
