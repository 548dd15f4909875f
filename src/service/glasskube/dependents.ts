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
  const dependents = new Map(
    repositories
      .filter(
        ({ name, packages }) =>
          name === id.repository || !packages.has(id.package) || !seesPackage(caller, name, id.package),
      )
      .sort((a, b) => ascending(a.name, b.name))
      .flatMap((repository) => dependentsIn(repository, caller, id.package, all)),
  )
  return page(ctx, { list: 'dependents', id, all, for: viewKey(caller) }, request, {
    small: true,
    fetch: async (after: Position | undefined, limit) => {
      const following = [...dependents].filter(([, position]) => !after || inOrder(position, after) > 0)
      return following.slice(0, limit).map(([dependent]) => dependent)
    },
    cursorAt: (dependent) => dependents.get(dependent) as Position,
  })
}

function inOrder(a: Position, b: Position): number {
  return (
    ascending(a.repository, b.repository) ||
    ascending(a.package, b.package) ||
    byVersion(a.version, b.version) ||
    a.nth - b.nth
  )
}

function byVersion(a: string, b: string): number {
  const [one, other] = [parseVersion(a), parseVersion(b)]
  return one && other ? compareVersions(one, other) : 0
}

function dependentsIn(
  { name: repository, packages }: PublishedRepository,
  caller: Caller,
  needed: string,
  all: boolean,
): [Dependent, Position][] {
  const visible = [...packages.values()].filter(({ name }) => seesPackage(caller, repository, name))
  return visible.flatMap(({ name, versions, latest }) =>
    (all ? versions : [latest]).flatMap((version) =>
      needsOf(version, needed).map((need, nth): [Dependent, Position] => {
        const place = { repository, package: name, version: version.parsed.text }
        return [
          { ...place, ...need },
          { ...place, nth },
        ]
      }),
    ),
  )
}

function needsOf({ manifest }: PublishedVersion, needed: string): Pick<Dependent, 'as' | 'required'>[] {
  const { dependencies = [], components = [] } = manifest ?? {}
  const of = (parts: readonly { name: string; version?: string }[], as: Dependent['as']) =>
    parts.filter(({ name }) => name === needed).map(({ version }) => ({ as, required: version ?? null }))
  return [...of(dependencies, 'dependency'), ...of(components, 'component')]
}
