/** Looks at one repository elsewhere: which of its tags are new versions, and whether the known ones are what they were. */

import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { type DiscoveredTag, forgetTags } from '../../database/repositories/discovered-tags.ts'
import { revisionName } from '../../domain/names.ts'
import { foreignNameProblem, ORIGIN } from '../../domain/repository-source.ts'
import { versionsClash } from '../../domain/version.ts'
import { type VersionTag, versionTags } from '../../domain/version-tag.ts'
import { isNotFound } from '../../oci/errors.ts'
import { type Look, lookAt, note, nothing, type Pass, resolve, WHOLE } from './look.ts'
import { unlessStopped } from './pass-end.ts'
import { take } from './take-artifact.ts'

/** A tag that is known is looked at so often, in milliseconds: one that moves betrays whoever trusts it. */
const LOOK_AGAIN_AFTER = 24 * 60 * 60 * 1000

/** Throws where the registry fails: then nothing was skipped, and the next pass goes on from there. */
export async function syncPackage(pass: Pass, name: string): Promise<void> {
  const { ctx, repository, stopped } = pass
  const look = await lookAt(pass, name)
  const { id, known } = look
  const unfitName = foreignNameProblem(name)
  if (unfitName !== undefined) return note(look, WHOLE, nothing(unfitName))
  const tags = await unlessStopped(tagsOf(pass, name), stopped)
  const { versions, unfit } = versionTags(tags, { prereleases: repository.source?.prereleases ?? false })
  const there = new Set([WHOLE, ...[...versions, ...unfit].map(({ tag }) => tag)])
  const gone = [...known.keys()].filter((tag) => !there.has(tag))
  if (gone.length > 0) await ctx.commits.run((transaction) => forgetTags(transaction, id, gone))
  for (const { tag, problem } of unfit) await note(look, tag, nothing(problem))
  // One after the other: their order is that of the numbers they get.
  for (const version of versions) {
    stopped.throwIfAborted()
    const before = known.get(version.tag)
    if (before) await lookAgain(look, before, version)
    else await lookAtNew(look, version)
  }
  if (known.has(WHOLE)) await ctx.commits.run((transaction) => forgetTags(transaction, id, [WHOLE]))
}

async function tagsOf({ registry, repository }: Pass, name: string): Promise<string[]> {
  try {
    return await Array.fromAsync(registry.repository(name).tags())
  } catch (error) {
    // Registries go on to list a repository whose last tag was deleted; one that somebody has named should be there.
    if (isNotFound(error) && repository.source?.packages === null) return []
    throw error
  }
}

/** Records what keeps a repository from being looked at. */
export async function noteFailure(pass: Pass, name: string, reason: string): Promise<void> {
  await note(await lookAt(pass, name), WHOLE, nothing(reason))
}

async function lookAtNew(look: Look, found: VersionTag): Promise<void> {
  const { pass, id, declared } = look
  const { text, base } = found.version
  const same = declared.get(base)?.find(({ version }) => version.text === text)
  const clashing = declared.get(base)?.find(({ version }) => versionsClash(version, found.version))
  if (!same && !clashing) return take(look, found)
  if (!same) {
    const problem = `its version clashes with ${clashing?.version.text}, which exists already: a version is declared either with build numbers or without`
    return note(look, found.tag, nothing(problem))
  }
  // Known by another tag, or from before the index was lost; or it was deleted here, and shall not come again.
  const name = revisionName({ ...id, workspace: same.workspace })
  const revision = await findPackageRevision(pass.ctx.db, name)
  const digest = revision?.annotations[ORIGIN.digest] ?? null
  await note(look, found.tag, { digest, revision: revision?.name ?? null, problem: null })
  if (revision) await checkUnmoved(look, found.tag)
}

async function lookAgain(look: Look, before: DiscoveredTag, found: VersionTag): Promise<void> {
  const { thorough, ctx } = look.pass
  const { revision, problem, digest, checkedAt } = before
  if (revision !== null) {
    const age = ctx.now().getTime() - Date.parse(checkedAt)
    if (thorough || age >= LOOK_AGAIN_AFTER) await checkUnmoved(look, found.tag)
  } else if (problem !== null && (thorough || digest !== null)) {
    await lookAtNew(look, found)
  }
}

/** Published content never changes: where a tag has moved, that is told, and nothing is done. */
async function checkUnmoved(look: Look, tag: string): Promise<void> {
  const before = look.known.get(tag)
  const descriptor = await resolve(look, tag)
  if (!before || !descriptor) return
  const { digest } = before
  const same = digest === descriptor.digest
  const live = same || (await findPackageRevision(look.pass.ctx.db, before.revision ?? ''))
  const revision = live ? before.revision : null
  const problem =
    same || revision === null
      ? null
      : `the tag ${tag} has moved since ${revision} was published from it: ${digest} → ${descriptor.digest}. The revision does not change; push a new version.`
  await note(look, tag, { digest, revision, problem }, { again: true })
}
