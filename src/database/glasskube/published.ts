/** Reads the published versions of Glasskube repositories in pieces, so that only packages that have changed are read again. */
import { isPlain, type Listing, listingSchema, PLAIN_LISTING } from '../../domain/glasskube/listing.ts'
import { type ManifestLinks, manifestLinksSchema } from '../../domain/glasskube/manifest-links.ts'
import type { Reader, Transaction } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import { parseStored } from '../stored-json.ts'

/** A text that changes with what is published in a repository, and with the repository itself; undefined for other formats. */
export async function publishedState(db: Reader, repository: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('repositories')
    .select(['id', 'created_at', 'published_changes', 'format'])
    .where('name', '=', repository)
    .executeTakeFirst()
  return row?.format === 'glasskube' ? `${row.id}@${row.created_at} ${row.published_changes}` : undefined
}

/** Resolves to the names of all Glasskube repositories, sorted. */
export async function glasskubeRepositories(db: Reader): Promise<string[]> {
  const rows = await db
    .selectFrom('repositories')
    .select('name')
    .where('format', '=', 'glasskube')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

export type PackageEntry = { id: number; name: string; changes: number; listing: Listing }

/** The packages that something was ever published of, by name. */
export async function packageEntries(db: Reader, repository: string): Promise<PackageEntry[]> {
  const rows = await db
    .selectFrom('packages')
    .select(['id', 'path', 'published_changes', 'listing'])
    .where('repository', '=', repository)
    .where('highest_revision', '>', 0)
    .orderBy('path')
    .execute()
  return rows.map(({ id, path, published_changes, listing }) => ({
    id,
    name: path,
    changes: published_changes,
    listing: parseListing(listing, `${repository}/${path}`),
  }))
}

export type VersionEntry = {
  /** The name of the revision. */
  revision: string
  version: string
  publishedAt: string
  /** undefined where no package.yaml could be read. */
  manifest: ManifestLinks | undefined
}

/** The published versions of packages, by their ids. */
export async function versionEntries(
  db: Reader,
  packageIds: readonly number[],
): Promise<Map<number, VersionEntry[]>> {
  const rows = await db
    .selectFrom('package_revisions')
    .leftJoin('contents', 'contents.id', 'package_revisions.contents_id')
    .select(['package_id', 'name', 'version', 'published_at', 'contents.manifest'])
    .where('package_id', 'in', dialectOf(db).list([...packageIds]))
    .where('revision', '>', 0)
    .where('version', 'is not', null)
    .execute()
  const found = new Map<number, VersionEntry[]>()
  for (const { package_id, name, version, published_at, manifest } of rows) {
    const entries = found.get(package_id) ?? []
    found.set(package_id, entries)
    entries.push({
      revision: name,
      version: version ?? '',
      publishedAt: published_at ?? '',
      manifest: parseManifest(manifest, name),
    })
  }
  return found
}

/** The package.yaml of a revision in any state; undefined where none could be read. */
export async function findManifest(db: Reader, revision: string): Promise<ManifestLinks | undefined> {
  const row = await db
    .selectFrom('package_revisions')
    .innerJoin('contents', 'contents.id', 'package_revisions.contents_id')
    .select('contents.manifest')
    .where('name', '=', revision)
    .executeTakeFirst()
  return parseManifest(row?.manifest ?? null, revision)
}

export async function findListing(db: Reader, packageId: number): Promise<Listing> {
  const row = await db
    .selectFrom('packages')
    .select(['listing', 'repository', 'path'])
    .where('id', '=', packageId)
    .executeTakeFirstOrThrow()
  return parseListing(row.listing, `${row.repository}/${row.path}`)
}

export async function saveListing(
  transaction: Transaction,
  packageId: number,
  listing: Listing,
): Promise<void> {
  await transaction
    .updateTable('packages')
    .set({ listing: storedListing(listing) })
    .where('id', '=', packageId)
    .execute()
}

export function storedListing(listing: Listing): string | null {
  return isPlain(listing) ? null : JSON.stringify(listing)
}

function parseListing(text: string | null, of: string): Listing {
  return text === null ? PLAIN_LISTING : parseStored(listingSchema, text, `the listing of ${of}`)
}

function parseManifest(text: string | null, of: string): ManifestLinks | undefined {
  return text === null ? undefined : parseStored(manifestLinksSchema, text, `the package.yaml of ${of}`)
}
