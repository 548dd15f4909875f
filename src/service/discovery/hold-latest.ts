import { versionToHold } from '../../domain/glasskube/tree-versions.ts'
import type { PackageId } from '../../domain/names.ts'
import { changeListing } from '../glasskube/update-listing.ts'
import type { Sync } from './package-scan.ts'
import { DISCOVERY } from './publish-discovered.ts'

/** Makes clients of a Glasskube package see the latest version that its source names, once that is published. */
export async function holdLatest({ ctx }: Sync, id: PackageId, latest: string): Promise<void> {
  const published = (await ctx.published.get(id.repository))?.packages.get(id.package)
  if (!published) return
  const held = versionToHold(
    published.versions.map(({ parsed }) => parsed),
    latest,
  )
  if (held === undefined || held === published.listing.latestVersion) return
  await changeListing(ctx, DISCOVERY, id, { latestVersion: held })
}
