/** A package as the registry has it: the content under the tags that only pkgserver sets. */

import { readPackageManifest, type StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { readRecord, recordLayer } from '../../../artifact/read-record.ts'
import type { RecordData } from '../../../artifact/record.ts'
import { mapConcurrently } from '../../../core/concurrency.ts'
import { AppError } from '../../../core/errors.ts'
import {
  isReservedTag,
  LISTING_RECORD_TAG,
  PACKAGE_RECORD_TAG,
  REPOSITORY_RECORD_TAG,
} from '../../../domain/tags.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { isNotFound, OciError } from '../../../oci/errors.ts'
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts'
import { fetchAll, type Repository } from '../../../oci/roles.ts'
import { REQUESTS_AT_ONCE } from '../../registry-content.ts'

/** A record of any kind. */
export type StoredRecord = {
  [Kind in keyof RecordData]: { kind: Kind; data: RecordData[Kind] }
}[keyof RecordData]

export type StoredPackage = {
  /** The OCI repository of a package, or of the record of a repository. */
  name: string
  /** The tags of pkgserver. */
  tags: ReadonlyMap<string, Descriptor>
  /** By digest. */
  revisions: ReadonlyMap<string, StoredRevision>
  /** By tag. */
  records: ReadonlyMap<string, StoredRecord>
  /** Tags that do not lead to something that pkgserver has written, and why. */
  problems: readonly { tag: string; reason: string }[]
}

const KINDS: readonly [RegExp, keyof RecordData][] = [
  [new RegExp(`^${PACKAGE_RECORD_TAG}$`), 'package'],
  [new RegExp(`^${REPOSITORY_RECORD_TAG}$`), 'repository'],
  [new RegExp(`^${LISTING_RECORD_TAG}$`), 'listing'],
  [/^_conflicts-/, 'conflicts'],
  [/^_deletion-rejected-v/, 'deletion-rejection'],
  [/^deletion-proposed-v/, 'deletion-proposal'],
]

/** Empty where the OCI repository does not exist. Throws an OciError where the registry fails. */
export async function readStoredPackage(name: string, repository: Repository): Promise<StoredPackage> {
  const problems: { tag: string; reason: string }[] = []
  const resolveTag = async (tag: string): Promise<[string, Descriptor][]> => {
    try {
      const descriptor = await resolve(repository, tag)
      return descriptor ? [[tag, descriptor]] : []
    } catch (error) {
      problems.push({ tag, reason: reasonOf(error) })
      return []
    }
  }
  const resolved = await mapConcurrently(await reservedTags(repository), resolveTag, REQUESTS_AT_ONCE)
  const tags = new Map(resolved.flat())
  const revisions = new Map<string, StoredRevision>()
  const records = new Map<string, StoredRecord>()
  const manifests = new Map<string, Promise<StoredRevision | undefined>>()
  const read = async ([tag, descriptor]: [string, Descriptor]): Promise<void> => {
    const kind = KINDS.find(([pattern]) => pattern.test(tag))?.[1]
    try {
      if (kind) {
        records.set(tag, await readStoredRecord(kind, repository, descriptor))
        return
      }
      const reading = manifests.get(descriptor.digest) ?? readRevision(name, repository, descriptor)
      manifests.set(descriptor.digest, reading)
      const revision = await reading
      if (revision) revisions.set(descriptor.digest, revision)
      else problems.push({ tag, reason: 'it is not a package revision' })
    } catch (error) {
      problems.push({ tag, reason: reasonOf(error) })
    }
  }
  await mapConcurrently([...tags], read, REQUESTS_AT_ONCE)
  return { name, tags, revisions, records, problems }
}

/** The reason why content cannot be used; rethrows failures that are not the content's. */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError || (error instanceof OciError && error.code !== 'unavailable')) {
    return error.message
  }
  throw error
}

/** Throws `invalid` for a manifest that is not a record of this kind, and an OciError. */
async function readStoredRecord(
  kind: keyof RecordData,
  repository: Repository,
  descriptor: Descriptor,
): Promise<StoredRecord> {
  const layer = recordLayer(kind, await fetchAll(repository, descriptor, MAX_MANIFEST_BYTES))
  // Others can tag these where there is no repository.
  const limit = kind.startsWith('deletion-') ? MAX_MANIFEST_BYTES : layer.size
  const data = readRecord(kind, await fetchAll(repository, layer, limit))
  return { kind, data } as StoredRecord
}

async function readRevision(
  name: string,
  repository: Repository,
  descriptor: Descriptor,
): Promise<StoredRevision | undefined> {
  return readPackageManifest(name, descriptor, await fetchAll(repository, descriptor, MAX_MANIFEST_BYTES))
}

async function reservedTags(repository: Repository): Promise<string[]> {
  try {
    return (await Array.fromAsync(repository.tags())).filter(isReservedTag)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/** undefined for a tag that is gone since it was listed, or that leads nowhere because tags cannot be deleted. */
async function resolve(repository: Repository, tag: string): Promise<Descriptor | undefined> {
  try {
    return await repository.resolve(tag)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
