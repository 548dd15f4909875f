import { ascending } from '../../domain/glasskube/loose-version.ts'
import type { PackageId } from '../../domain/names.ts'
import { compareVersions, parseVersion } from '../../domain/version.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedRepository, PublishedVersion } from '../published-repositories.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { publishedPackage, repositoriesFrom, seesPackage } from './repositories.ts'

export type Dependent = {
  repository: string
  package: string
  version: string
  /** A component is an instance of the dependent's own. */
  as: 'dependency' | 'component'
  /** A range; null for any version. */
  required: string | null
}

/** Where a dependent stands in the list, also after others were published or removed. */
type Position = Pick<Dependent, 'repository' | 'package' | 'version'> & {
  /** Counts what a version needs the package for. */
  nth: number
}

/**
 * The versions that need a package, by repository, package and version; only latest ones unless `all`. A package that
 * finds another of the same name in its own repository needs that one. Throws `not_found` and `conflict`.
 */
export async function dependentsOf(
  ctx: ServiceContext,
  caller: Caller,
  id: PackageId,
  { all }: { all: boolean },
  request: PageRequest,
): Promise<Page<Dependent>> {
  const repositories = await repositoriesFrom(ctx, id.repository)
  publishedPackage(repositories[0], id)
  const needing = repositories
    .filter(
      ({ name, packages }) =>
        name === id.repository || !packages.has(id.package) || !seesPackage(caller, name, id.package),
    )
    .sort((a, b) => ascending(a.name, b.name))
  const positions = new Map<Dependent, Position>()
  return page(ctx, { list: 'dependents', id, all, for: viewKey(caller) }, request, {
    small: true,
    fetch: async (after: Position | undefined, limit) => {
      const found = dependentsAfter(after, needing, caller, id.package, all).take(limit).toArray()
      for (const [dependent, position] of found) positions.set(dependent, position)
      return found.map(([dependent]) => dependent)
    },
    cursorAt: (dependent) => positions.get(dependent) ?? { ...dependent, nth: 0 },
  })
}

/** In the order of the list; a page of it looks no further than it reaches. */
function* dependentsAfter(
  after: Position | undefined,
  repositories: readonly PublishedRepository[],
  caller: Caller,
  needed: string,
  all: boolean,
): Generator<[Dependent, Position]> {
  for (const { name: repository, packages } of repositories) {
    for (const { name, versions, latest } of packages.values()) {
      const own = { repository, package: name }
      if ((after && byPackage(own, after) < 0) || !seesPackage(caller, repository, name)) continue
      for (const version of all ? versions : [latest]) {
        for (const [nth, need] of needsOf(version, needed).entries()) {
          const place = { ...own, version: version.parsed.text }
          const position = { ...place, nth }
          if (!after || inOrder(position, after) > 0) yield [{ ...place, ...need }, position]
        }
      }
    }
  }
}

function inOrder(a: Position, b: Position): number {
  return byPackage(a, b) || byVersion(a.version, b.version) || a.nth - b.nth
}

function byPackage(a: PackageId, b: PackageId): number {
  return ascending(a.repository, b.repository) || ascending(a.package, b.package)
}

function byVersion(a: string, b: string): number {
  const [one, other] = [parseVersion(a), parseVersion(b)]
  return one && other ? compareVersions(one, other) : 0
}

function needsOf({ manifest }: PublishedVersion, needed: string): Pick<Dependent, 'as' | 'required'>[] {
  const { dependencies = [], components = [] } = manifest ?? {}
  const of = (parts: readonly { name: string; version?: string }[], as: Dependent['as']) =>
    parts.filter(({ name }) => name === needed).map(({ version }) => ({ as, required: version ?? null }))
  return [...of(dependencies, 'dependency'), ...of(components, 'component')]
}
