/** Universes of Glasskube packages, as short as a table of versions and what they depend on. */
import type {
  Component,
  Dependency,
  PackageVersion,
  Universe,
} from '../../src/domain/glasskube/resolution/problem.ts'

export type Manifest = Partial<Omit<PackageVersion, 'version' | 'dependencies' | 'components'>> & {
  dependencies?: string[]
  components?: Component[]
}

/** Versions by `name version`, each with its manifest, or only its dependencies as `name range` or `name`. */
export type Repository = Record<string, Manifest | string[]>

/** A universe of repositories, the one of highest priority first. */
export function universe(...repositories: Repository[]): Universe {
  const packages = new Map<string, { repository: string; versions: PackageVersion[] }[]>()
  for (const [i, repository] of repositories.entries()) {
    for (const [title, manifest] of Object.entries(repository)) {
      const [name, version] = halves(title)
      const known = packages.get(name) ?? []
      packages.set(name, known)
      const last = known.at(-1)
      const place =
        last?.repository === `repository-${i}` ? last : { repository: `repository-${i}`, versions: [] }
      if (place !== last) known.push(place)
      place.versions.push(published(version, Array.isArray(manifest) ? { dependencies: manifest } : manifest))
    }
  }
  return { lookup: (name) => packages.get(name) ?? [] }
}

function published(
  version: string,
  { dependencies = [], components = [], ...rest }: Manifest,
): PackageVersion {
  return {
    version,
    scope: 'Cluster',
    defaultNamespace: 'default',
    ...rest,
    components,
    dependencies: dependencies.map(dependency),
  }
}

function dependency(text: string): Dependency {
  const [name, version] = halves(text)
  return version ? { name, version } : { name }
}

/** Packages as `name version`, or `namespace/instance name version` in a namespace; the version may be missing. */
export function packages(...texts: string[]) {
  return texts.map((text) => {
    const [, namespace, instance, rest = text] = /^([^ /]+)\/(\S+) (.*)$/.exec(text) ?? []
    const [name, version] = halves(rest)
    return { name, version, ...(namespace && { namespace, instance }) }
  })
}

function halves(text: string): [string, string] {
  const [name = '', ...rest] = text.split(' ')
  return [name, rest.join(' ')]
}
