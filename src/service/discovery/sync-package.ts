/** Syncs one repository of a source: imports its new versions, and checks that known tags have not moved. */

import { AppError } from '../../core/errors.ts'
import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { type DiscoveredTag, forgetTags } from '../../database/repositories/discovered-tags.ts'
import { revisionName } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { foreignNameProblem, ORIGIN, type SourceFormat } from '../../domain/repository-source.ts'
import { versionsClash } from '../../domain/version.ts'
import type { VersionTag } from '../../domain/version-tag.ts'
import { orAborted } from './deadline.ts'
import { holdLatest } from './hold-latest.ts'
import { importArtifact } from './import-artifact.ts'
import { type PackageScan, recordTag, type Sync, startScan, unusable, WHOLE_PACKAGE } from './package-scan.ts'

/** How often a known tag is checked, in milliseconds: one that moves betrays everyone who trusts it. */
const CHECK_INTERVAL = 24 * 60 * 60 * 1000

/** Each version that is found becomes a revision. */
const MAX_VERSIONS = 10_000

/** Tags for versions that cannot be used, of which each is a row: more of them tell nothing new. */
const LISTED_UNFIT = 100

/** Throws where the registry fails: nothing is skipped then, and the next sync goes on from there. */
export async function syncPackage(sync: Sync, name: string): Promise<void> {
  const { ctx, repository, source, signal } = sync
  const scan = await startScan(sync, name)
  const { id, known } = scan
  const badName = foreignNameProblem(name, repository.source?.format ?? 'oci')
  if (badName !== undefined) return recordTag(scan, WHOLE_PACKAGE, unusable(badName))
  const found = await orAborted(source.versions(name), signal)
  const { versions } = found
  if (versions.length > MAX_VERSIONS) {
    throw new AppError('too_large', `${name} has more than ${MAX_VERSIONS} versions: remove some`)
  }
  const unfit = found.unfit.slice(0, LISTED_UNFIT)
  const present = new Set([WHOLE_PACKAGE, ...[...versions, ...unfit].map(({ tag }) => tag)])
  const gone = [...known.keys()].filter((tag) => !present.has(tag))
  if (gone.length > 0) await ctx.commits.run((transaction) => forgetTags(transaction, id, gone))
  for (const { tag, problem } of unfit) await recordTag(scan, tag, unusable(problem))
  // One after the other: revisions are numbered in the order of their versions.
  for (const version of versions) {
    signal.throwIfAborted()
    const before = known.get(version.tag)
    if (before) await recheckTag(scan, before, version)
    else await addTag(scan, version)
  }
  if (found.latest !== undefined) await holdLatest(sync, id, found.latest)
  if (known.has(WHOLE_PACKAGE))
    await ctx.commits.run((transaction) => forgetTags(transaction, id, [WHOLE_PACKAGE]))
}

/** Records why a repository of the source cannot be synced. */
export async function recordFailure(sync: Sync, name: string, reason: string): Promise<void> {
  await recordTag(await startScan(sync, name), WHOLE_PACKAGE, unusable(reason))
}

async function addTag(scan: PackageScan, found: VersionTag): Promise<void> {
  const { sync, id, declared } = scan
  const { text, base } = found.version
  const same = declared.get(base)?.find(({ version }) => version.text === text)
  const clashing = declared.get(base)?.find(({ version }) => versionsClash(version, found.version))
  if (!same && !clashing) return importArtifact(scan, found)
  if (!same) {
    const problem = `its version clashes with ${clashing?.version.text}, which exists already: a version is declared either with build numbers or without`
    return recordTag(scan, found.tag, unusable(problem))
  }
  // Imported under another tag or before the index was rebuilt; or deleted here, and then it must not return.
  const name = revisionName({ ...id, workspace: same.workspace })
  const revision = await findPackageRevision(sync.ctx.db, name)
  const digest = revision?.annotations[ORIGIN.digest] ?? null
  await recordTag(scan, found.tag, { digest, revision: revision?.name ?? null, problem: null })
  if (revision) await checkUnmoved(scan, found.tag)
}

async function recheckTag(scan: PackageScan, before: DiscoveredTag, found: VersionTag): Promise<void> {
  const { thorough, ctx } = scan.sync
  const { revision, problem, digest, checkedAt } = before
  if (revision !== null) {
    const age = ctx.now().getTime() - Date.parse(checkedAt)
    if (thorough || age >= CHECK_INTERVAL) await checkUnmoved(scan, found.tag)
  } else if (problem !== null && (thorough || digest !== null)) {
    await addTag(scan, found)
  }
}

/** Published content never changes: a tag with other content is reported, and the revision stays. */
async function checkUnmoved(scan: PackageScan, tag: string): Promise<void> {
  const before = scan.known.get(tag)
  const now = await orAborted(scan.sync.source.digest(scan.id.package, tag), scan.sync.signal)
  if (!before || now === undefined) return
  const { digest } = before
  const same = digest === now
  const published = same ? undefined : await findPackageRevision(scan.sync.ctx.db, before.revision ?? '')
  const revision = same || published ? before.revision : null
  const format = scan.sync.repository.source?.format
  const problem = published ? otherContent(published, format, tag, `${digest} → ${now}`) : null
  await recordTag(scan, tag, { digest, revision, problem }, { checked: true })
}

function otherContent(
  { name, version, annotations }: PackageRevision,
  format: SourceFormat | undefined,
  tag: string,
  digests: string,
): string {
  const publishedTag = annotations[ORIGIN.reference]?.replace(/^.*[:/]/, '')
  if (format === 'glasskube') {
    return `the files of ${tag} have changed since ${name} was published from them: ${digests}. The revision does not change; publish a new version.`
  }
  if (publishedTag === undefined || publishedTag === tag) {
    return `the tag ${tag} has moved since ${name} was published from it: ${digests}. The revision does not change; push a new version.`
  }
  return `the tags ${publishedTag} and ${tag} both stand for the version ${version}, with different content: ${digests}. ${name} was published from ${publishedTag}, and a version is published once: from the first tag that is found, of several from the shortest. Remove ${tag}, or push it as another version.`
}
