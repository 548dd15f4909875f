/** Looks at one repository elsewhere: which of its tags are new versions, and whether the known ones are what they were. */
import { readForeignArtifact } from '../../artifact/foreign-artifact.ts'
import {
  type DiscoveredTag,
  discoveredTags,
  forgetTags,
  saveDiscoveredTag,
} from '../../database/discovery.ts'
import { declaredVersions, findPackageRevision } from '../../database/package-revisions.ts'
import { findPackage } from '../../database/packages.ts'
import { shortened } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isNotFound } from '../../oci/errors.ts'
import { foreignNameProblem, ORIGIN } from '../../package/discovery.ts'
import { type PackageId, revisionName } from '../../package/names.ts'
import type { Repository } from '../../package/repository.ts'
import { parseVersion, type Version, versionsClash } from '../../package/version.ts'
import { type VersionTag, versionTags } from '../../package/version-tag.ts'
import type { ServiceContext } from '../context.ts'
import type { Prepared } from '../prepare.ts'
import { unlessStopped } from './pass-end.ts'
import { publishDiscovered } from './publish-discovered.ts'
import { faultOfArtifact, type SourceRegistry } from './source-registry.ts'

/** One pass through a source. */
export type Pass = {
  ctx: ServiceContext
  repository: Repository
  registry: SourceRegistry
  /** How references there begin: host and prefix. */
  address: string
  /** Whether every tag is looked at, and not only what is new. */
  thorough: boolean
  /** Is aborted when the process is about to end, or when the pass has taken too long. */
  stopped: AbortSignal
  /** Runs what takes memory, a few at a time. */
  sparingly: <T>(work: () => Promise<T>) => Promise<T>
}

type Known = Pick<DiscoveredTag, 'digest' | 'revision' | 'problem'>

/** A look at one repository of the source. */
type Look = {
  pass: Pass
  id: PackageId
  known: Map<string, DiscoveredTag>
  /** The versions that are taken, deleted ones too, by what they are without their builds. */
  declared: Map<string, { version: Version; workspace: string }[]>
}

/** The tag under which it is recorded what is wrong with all of a repository. */
const WHOLE = ''
/** A tag that is known is looked at so often, in milliseconds: one that moves betrays whoever trusts it. */
const LOOK_AGAIN_AFTER = 24 * 60 * 60 * 1000
/** The longest that a layer may take to come in, in milliseconds. */
const LAYER_TIMEOUT = 10 * 60 * 1000

/** Throws where the registry fails: then nothing was skipped, and the next pass goes on from there. */
export async function syncPackage(pass: Pass, name: string): Promise<void> {
  const { ctx, repository, stopped } = pass
  const look = await lookAt(pass, name)
  const { id, known } = look
  const unfitName = foreignNameProblem(name)
  if (unfitName !== undefined) return note(look, WHOLE, nothing(unfitName))
  const tags = await unlessStopped(Array.fromAsync(pass.registry.repository(name).tags()), stopped)
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

/** Records what keeps a repository from being looked at. */
export async function noteFailure(pass: Pass, name: string, reason: string): Promise<void> {
  await note(await lookAt(pass, name), WHOLE, nothing(reason))
}

async function lookAt(pass: Pass, name: string): Promise<Look> {
  const id = { repository: pass.repository.name, package: name }
  return {
    pass,
    id,
    known: await discoveredTags(pass.ctx.db, id),
    declared: await declaredBy(pass, id),
  }
}

async function lookAtNew(look: Look, found: VersionTag): Promise<void> {
  const { pass, id, declared } = look
  const { text, base } = found.version
  const same = declared.get(base)?.find(({ version }) => version.text === text)
  const clashing = declared.get(base)?.find(({ version }) => versionsClash(version, found.version))
  if (!same && !clashing) return take(look, found)
  if (!same) {
    const problem = `its version clashes with ${clashing?.version.text}, which is there already: a version has either build numbers or none`
    return note(look, found.tag, nothing(problem))
  }
  // Known by another tag, or from before the index was lost; or it was deleted here, and shall not come again.
  const name = revisionName({ ...id, workspace: same.workspace })
  const revision = await findPackageRevision(pass.ctx.db, name)
  const digest = revision?.annotations[ORIGIN.digest] ?? null
  await note(look, found.tag, { digest, revision: revision?.name ?? null, problem: null })
  if (revision) await checkUnmoved(look, found.tag)
}

async function declaredBy({ ctx }: Pass, id: PackageId): Promise<Look['declared']> {
  const declared: Look['declared'] = new Map()
  const state = await findPackage(ctx.db, id)
  for (const { version: text, workspace } of state ? await declaredVersions(ctx.db, state.id) : []) {
    const version = parseVersion(text)
    if (version) declare(declared, version, workspace)
  }
  return declared
}

function declare(declared: Look['declared'], version: Version, workspace: string): void {
  declared.set(version.base, [...(declared.get(version.base) ?? []), { version, workspace }])
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

/** Reads what a tag points to, unless that was read before, and publishes it. */
async function take(look: Look, found: VersionTag): Promise<void> {
  const { pass, id, known, declared } = look
  const { ctx, repository, registry } = pass
  const descriptor = await resolve(look, found.tag)
  if (!descriptor) return
  const { digest } = descriptor
  if (!pass.thorough && known.get(found.tag)?.digest === digest) return
  await pass.sparingly(async () => {
    try {
      const read = await unreadable(async () => {
        const options = { limits: ctx.limits, timeout: LAYER_TIMEOUT }
        const foreign = await readForeignArtifact(registry.repository(id.package), descriptor, options)
        const prepared: Prepared = await ctx.prepare(foreign.resources)
        return { foreign, prepared }
      })
      const reference = `${pass.address}/${id.package}:${found.tag}`
      const source = { package: id.package, reference, digest }
      const { workspace } = await publishDiscovered(ctx, repository, { ...found, ...read, ...source })
      declare(declared, found.version, workspace)
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      await note(look, found.tag, { digest, revision: null, problem: error.message })
    }
  })
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
      : `the tag ${tag} has moved since ${revision} was made of it: ${digest} → ${descriptor.digest}. The revision stays as it is; push a new version.`
  await note(look, tag, { digest, revision, problem }, { again: true })
}

async function resolve({ pass, id }: Look, tag: string): Promise<Descriptor | undefined> {
  try {
    return await pass.registry.repository(id.package).resolve(tag)
  } catch (error) {
    // It went since the tags were listed.
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** The artifact is at fault, so the next one is taken. */
class Unfit extends Error {}

async function unreadable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = faultOfArtifact(error)
    throw fault === undefined ? error : new Unfit(fault)
  }
}

function nothing(problem: string): Known {
  return { digest: null, revision: null, problem }
}

/** Records what is known of a tag, where that is new; `again`, also where it is not. */
async function note(
  { pass, id, known }: Look,
  tag: string,
  next: Known,
  { again = false } = {},
): Promise<void> {
  const { ctx } = pass
  const before = known.get(tag)
  const problem = next.problem === null ? null : shortened(next.problem)
  const same = before?.digest === next.digest && before.revision === next.revision
  if (same && before.problem === problem && !again) return
  const row = { ...id, tag, ...next, problem, checkedAt: ctx.now().toISOString() }
  known.set(tag, row)
  await ctx.commits.run((transaction) => saveDiscoveredTag(transaction, row))
}
