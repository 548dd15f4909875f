import { glasskubeRepositories } from '../../database/glasskube/published.ts'
import {
  listPackages as listRows,
  type PackageFilter,
  type PackageSummary,
} from '../../database/repositories/package-list.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage, PublishedRepository } from '../published-repositories.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listPackages(
  ctx: ServiceContext,
  caller: Caller,
  filter: PackageFilter,
  request: PageRequest,
): Promise<Page<PackageSummary>> {
  const found = await page(ctx, { list: 'packages', filter, for: viewKey(caller) }, request, {
    fetch: (after: PackageId | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), filter, { after, limit }),
    cursorAt: ({ repository, package: path }) => ({ repository, package: path }),
  })
  const listed = new Set(found.items.map(({ repository }) => repository))
  const glasskube = new Map<string, PublishedRepository | undefined>()
  for (const name of await glasskubeRepositories(ctx.db)) {
    if (listed.has(name)) glasskube.set(name, await ctx.published.get(name))
  }
  if (glasskube.size === 0) return found
  const items = found.items.map((item) =>
    withLatestVersion(item, glasskube.get(item.repository)?.packages.get(item.package)),
  )
  return { ...found, items }
}

/** The version that Glasskube's clients take for the latest; of other packages that of the latest revision. */
export function withLatestVersion(
  summary: PackageSummary,
  published: PublishedPackage | undefined,
): PackageSummary {
  return published ? { ...summary, latestVersion: published.latest.parsed.text } : summary
}
