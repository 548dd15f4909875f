/**
 * The tree of files that Glasskube's clients read of a repository: what was published, and the lists of it. Callers are
 * asked for the right to read a package before.
 */
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { AppError } from '../../core/errors.ts'
import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { repositoryFormat } from '../../database/repositories/repositories.ts'
import { patternText } from '../../domain/access/pattern.ts'
import { sees, within } from '../../domain/access/visible-set.ts'
import { indexEntry, indexFile, versionsFile } from '../../domain/glasskube/generated-files.ts'
import { serverVersion } from '../../domain/glasskube/listing.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Caller } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage, PublishedRepository, PublishedVersion } from '../published-repositories.ts'
import { type ServedFile, textFile } from './served-file.ts'
import { type Unpacking, VersionFiles } from './version-files.ts'

/** The part of the memory for index.yaml, as each kind of caller sees it. */
const INDEXES = 1 / 4

/** They take some milliseconds, and other requests come in between. */
const ENTRIES_AT_ONCE = 100

type VersionId = PackageId & {
  /** With or without the leading "v". */
  version: string
}

export class ServedTree {
  readonly #ctx: ServiceContext
  readonly #files: VersionFiles
  readonly #indexes: LRUCache<string, ServedFile>
  // They last as long as the package is unchanged.
  readonly #entries = new WeakMap<PublishedPackage, string>()
  readonly #versions = new WeakMap<PublishedPackage, ServedFile>()
  readonly #revisions = new WeakMap<PublishedVersion, PackageRevision>()

  /** `keptBytes`: the memory for files that may be asked for again. */
  constructor(ctx: ServiceContext, keptBytes: number) {
    this.#ctx = ctx
    this.#files = new VersionFiles(ctx, keptBytes * (1 - INDEXES))
    this.#indexes = new LRUCache({ maxSize: keptBytes * INDEXES, sizeCalculation: ({ size }) => size })
  }

  /** The index.yaml, with the packages that the caller sees. Throws `not_found`. */
  async index(caller: Caller, name: string): Promise<ServedFile> {
    const repository = await this.#repository(name)
    const visible = within(visibleTo(caller).published, name)
    const key = [name, repository.state, ...visible.map(patternText)].join(' ')
    const kept = this.#indexes.get(key)
    if (kept) return kept
    const entries: string[] = []
    for (const each of repository.packages.values()) {
      if (!sees(visible, { repository: name, package: each.name })) continue
      entries.push(remembered(this.#entries, each, indexEntry))
      if (entries.length % ENTRIES_AT_ONCE === 0) await setImmediate()
    }
    const index = textFile(indexFile(entries))
    this.#indexes.set(key, index)
    return index
  }

  /** The versions.yaml of a package. Throws `not_found`. */
  async versions(id: PackageId): Promise<ServedFile> {
    const published = await this.#package(id)
    return remembered(this.#versions, published, (each) => textFile(versionsFile(each)))
  }

  /** A file of a published version. Throws `not_found`. */
  async file(id: VersionId, path: string, unpacking: Unpacking): Promise<ServedFile> {
    const wanted = serverVersion(id.version)
    const published = (await this.#package(id)).versions.find(({ parsed }) => parsed.text === wanted)
    const revision = published && (await this.#revision(published))
    if (!revision) throw missing(`${ociRepository(id)} has no published version ${id.version}`)
    const file = await this.#files.find(revision, path, unpacking)
    if (file) return file
    throw missing(`${ociRepository(id)} ${id.version} has no file "${path}"`)
  }

  async #package(id: PackageId): Promise<PublishedPackage> {
    const published = (await this.#repository(id.repository)).packages.get(id.package)
    if (published) return published
    throw missing(`nothing is published of ${ociRepository(id)}`)
  }

  async #repository(name: string): Promise<PublishedRepository> {
    const published = await this.#ctx.published.get(name)
    if (published) return published
    if ((await repositoryFormat(this.#ctx.db, name)) === undefined)
      throw missing(`there is no repository ${name}`)
    throw missing(`${name} is no Glasskube repository, so Glasskube's clients cannot read its packages`)
  }

  async #revision(published: PublishedVersion): Promise<PackageRevision | undefined> {
    const known = this.#revisions.get(published)
    if (known) return known
    const revision = await findPackageRevision(this.#ctx.db, published.revision)
    if (revision) this.#revisions.set(published, revision)
    return revision
  }
}

function remembered<Key extends object, Value>(
  known: WeakMap<Key, Value>,
  key: Key,
  make: (key: Key) => Value,
): Value {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make(key)
  known.set(key, made)
  return made
}

function missing(message: string): AppError {
  return new AppError('not_found', message)
}
