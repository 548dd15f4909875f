/** How the versions of a Glasskube package are listed for its clients. */
import { z } from 'zod'
import type { Version } from '../version.ts'

/** A version that should no longer be installed; clients can still read it. */
export type Deprecation = {
  message: string
  /** The version to use instead. */
  successor: string | null
}

/** Decisions of maintainers about a package, beside its revisions. Versions are as revisions declare them. */
export type Listing = {
  /** The version that clients see as the latest, though there may be a higher one; null for the highest. */
  latestVersion: string | null
  /** By version. */
  deprecations: Record<string, Deprecation>
}

export const PLAIN_LISTING: Listing = { latestVersion: null, deprecations: {} }

export const listingSchema: z.ZodType<Listing> = z.looseObject({
  latestVersion: z.string().nullable(),
  deprecations: z.record(
    z.string(),
    z.looseObject({ message: z.string(), successor: z.string().nullable() }),
  ),
})

export function isPlain({ latestVersion, deprecations }: Listing): boolean {
  return latestVersion === null && Object.keys(deprecations).length === 0
}

/** Leaves out versions that are not published any longer, which never come back. */
export function currentListing(
  { latestVersion, deprecations }: Listing,
  isPublished: (version: string) => boolean,
): Listing {
  const published = (version: string | null) => (version !== null && isPublished(version) ? version : null)
  const current = Object.entries(deprecations)
    .filter(([version]) => isPublished(version))
    .map(([version, each]) => [version, { ...each, successor: published(each.successor) }])
  return { latestVersion: published(latestVersion), deprecations: Object.fromEntries(current) }
}

/** Versions as Glasskube's clients write them: with a leading "v", without which `glasskube install --version` finds none. */
export function clientVersion(version: string): string {
  return `v${version}`
}

/** The inverse of `clientVersion`, for texts with or without the "v". */
export function serverVersion(text: string): string {
  return text.replace(/^v/, '')
}

/** The version that new clients install: the held one while it is published, else the highest stable one, else the highest. */
export function latestOf<Item extends { parsed: Version }>(
  ascending: readonly Item[],
  held: string | null,
): Item | undefined {
  return (
    ascending.find(({ parsed }) => parsed.text === held) ??
    ascending.findLast(({ parsed }) => isStable(parsed)) ??
    ascending.at(-1)
  )
}

export function isStable({ base }: Version): boolean {
  return !base.includes('-')
}
