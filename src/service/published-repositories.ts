import { setImmediate } from 'node:timers/promises'
import { recent } from '../core/recent.ts'
import type { Reader } from '../database/connection.ts'
import {
  type PackageEntry,
  packageEntries,
  publishedState,
  type VersionEntry,
  versionEntries,
} from '../database/glasskube/published.ts'
import { currentListing, type Deprecation, type Listing, latestOf } from '../domain/glasskube/listing.ts'
import type { ManifestLinks } from '../domain/glasskube/manifest-links.ts'
import { compareVersions, parseVersion, type Version } from '../domain/version.ts'

export type PublishedVersion = {
  parsed: Version
  /** The name of the revision. */
  revision: string
  publishedAt: string
  manifest: ManifestLinks | undefined
  deprecation: Deprecation | undefined
}

export type PublishedPackage = {
  name: string
  /** Of the versions that are published. */
  listing: Listing
  /** Lowest first; never empty. */
  versions: readonly PublishedVersion[]
  latest: PublishedVersion
}

export type PublishedRepository = {
  name: string
  /** Changes with what is published in the repository. */
  state: string
  /** By name, in this order. */
  packages: ReadonlyMap<string, PublishedPackage>
}

/** A package as it was read, with the number of changes up to then; without versions once all are deleted. */
type Known = { changes: number; published: PublishedPackage | undefined }
type KnownRepository = PublishedRepository & { known: ReadonlyMap<number, Known> }
type Kept = { state: string; reading: Promise<KnownRepository> }

/** Packages that are read at a time: other requests are served between them. */
const READ_AT_ONCE = 50

/** Repositories that are kept in memory. */
const KEPT = 1000

/**
 * The published versions of the Glasskube repositories, kept in memory: each call asks the index whether that has changed, and
 * reads the packages that have.
 */
export class PublishedRepositories {
  readonly #db: Reader
  readonly #kept = recent<Kept>(KEPT)

  constructor(db: Reader) {
    this.#db = db
  }

  /** undefined for a repository that does not exist, or has another format. */
  async get(name: string): Promise<PublishedRepository | undefined> {
    const state = await publishedState(this.#db, name)
    if (state === undefined) return undefined
    const kept = this.#kept.get(name)
    if (kept?.state === state) return kept.reading
    const reading = this.#read(name, state, kept)
    const keeping = { state, reading }
    this.#kept.set(name, keeping)
    reading.catch(() => this.#kept.get(name) === keeping && this.#kept.delete(name))
    return reading
  }

  async #read(name: string, state: string, kept: Kept | undefined): Promise<KnownRepository> {
    const before = await kept?.reading.catch(() => undefined)
    // Rows that are read after the state may be newer, and are then read again.
    const entries = await packageEntries(this.#db, name)
    const isKnown = ({ id, changes }: PackageEntry) => before?.known.get(id)?.changes === changes
    const changed = entries.filter((entry) => !isKnown(entry))
    const read = new Map<number, Known>()
    for (let at = 0; at < changed.length; at += READ_AT_ONCE) {
      const some = changed.slice(at, at + READ_AT_ONCE)
      const versions = await versionEntries(
        this.#db,
        some.map(({ id }) => id),
      )
      for (const entry of some) {
        const published = packageOf(entry, versions.get(entry.id) ?? [])
        read.set(entry.id, { changes: entry.changes, published })
      }
      await setImmediate()
    }
    const known = new Map<number, Known>()
    for (const { id } of entries) {
      const found = read.get(id) ?? before?.known.get(id)
      if (found) known.set(id, found)
    }
    const packages = [...known.values()].flatMap(({ published }) => published ?? [])
    return { name, state, packages: new Map(packages.map((each) => [each.name, each])), known }
  }
}

function packageOf(entry: PackageEntry, entries: readonly VersionEntry[]): PublishedPackage | undefined {
  const found = new Set(entries.map(({ version }) => version))
  const listing = currentListing(entry.listing, (version) => found.has(version))
  const versions = entries
    .flatMap(({ version, ...each }) => {
      const parsed = parseVersion(version)
      return parsed ? [{ ...each, parsed, deprecation: listing.deprecations[version] }] : []
    })
    .sort((a, b) => compareVersions(a.parsed, b.parsed))
  const latest = latestOf(versions, listing.latestVersion)
  return latest && { name: entry.name, listing, versions, latest }
}
