/** Imports one package of a tree: its versions one after the other, so that revisions are numbered in their order. */
import { AppError, detailText } from '../../core/errors.ts'
import { firstFew } from '../../core/first-few.ts'
import { type InspectedManifest, inspectManifest } from '../../domain/glasskube/inspect-manifest.ts'
import { clientVersion, serverVersion } from '../../domain/glasskube/listing.ts'
import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import { treeVersions, versionToHold } from '../../domain/glasskube/tree-versions.ts'
import { isPublished } from '../../domain/lifecycle.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import { DEFAULT_LIMITS } from '../../domain/resources.ts'
import { parseVersion, type Version } from '../../domain/version.ts'
import type { VersionTag } from '../../domain/version-tag.ts'
import type { ForeignTree, TreePackage } from '../../service/glasskube-source/foreign-tree.ts'
import type { Progress } from './progress.ts'
import type { ImportReport, Outcome } from './report.ts'
import { type RestApi, RestError } from './rest-api.ts'
import { type Revision, Revisions } from './revisions.ts'

export type Import = {
  api: RestApi
  tree: ForeignTree
  /** The repository on the server. */
  repository: string
  /** Publishes each version, instead of leaving it for a review. */
  asPublished: boolean
  report: ImportReport
  progress: Progress
}

const SHOWN_FAULTS = 5

export async function importPackage(run: Import, name: string, found: TreePackage): Promise<void> {
  const { report, progress } = run
  const { versions, unfit, unusual } = treeVersions(found.folders)
  for (const { tag, problem } of unfit) {
    report.count(`${name}/${tag}`, 'refused', problem)
    progress.step(name)
  }
  for (const { tag, note } of unusual) report.note(`${name}/${tag}`, note)
  if (versions.length === 0) return
  const one = new PackageImport(
    run,
    name,
    await Revisions.of(run.api, { repository: run.repository, package: name }),
  )
  for (const version of versions) {
    await one.add(version)
    progress.step(name)
  }
  if (found.latestVersion !== undefined) await one.hold(found.latestVersion, versions)
}

class PackageImport {
  readonly #run: Import
  readonly #name: string
  readonly #revisions: Revisions
  #publishes: boolean
  #scope: string | undefined

  constructor(run: Import, name: string, revisions: Revisions) {
    this.#run = run
    this.#name = name
    this.#revisions = revisions
    this.#publishes = run.asPublished
  }

  async add({ tag, version }: VersionTag): Promise<void> {
    const { report, tree } = this.#run
    const path = `${this.#name}/${tag}`
    try {
      const files = await tree.files(this.#name, tag, DEFAULT_LIMITS)
      if (!files) return report.count(path, 'refused', 'versions.yaml lists it, but there is no such version')
      for (const { path: at, note } of files.notes) report.note(at, note)
      const inspected = inspectManifest(files.resources, this.#name)
      if (inspected.links) this.#noteScope(path, inspected.links)
      report.count(path, await this.#take(version, files, inspected))
    } catch (error) {
      if (!isOfVersion(error)) throw error
      report.count(path, error instanceof ChangedError ? 'changed' : 'refused', error.message)
    }
  }

  async #take(version: Version, files: PackageFiles, { errors }: InspectedManifest): Promise<Outcome> {
    const there = this.#revisions.find(version.text)
    if (there && !(await this.#revisions.hasFiles(there, files))) throw otherContent(there)
    // A draft that is created would stay.
    if (!there && errors.length > 0) {
      throw new AppError('invalid', firstFew(errors.map(detailText), SHOWN_FAULTS))
    }
    let revision = there ?? (await this.#revisions.create(version.text, files))
    // A revision that an import left behind when it was cut off goes on from where it is.
    if (revision.lifecycle === 'Draft') revision = await this.#propose(revision)
    if (revision.lifecycle === 'Proposed' && this.#publishes) revision = await this.#publish(revision)
    if (revision.lifecycle === there?.lifecycle) return 'present'
    return isPublished(revision.lifecycle) ? 'published' : 'proposed'
  }

  async #propose(draft: Revision): Promise<Revision> {
    try {
      return await this.#revisions.propose(draft)
    } catch (error) {
      if (!isOfVersion(error)) throw error
      throw new AppError('conflict', `${error.message} (the draft ${draft.name} stays: correct or delete it)`)
    }
  }

  /** Later versions are left to the review, too, so that they are not published before this one. */
  async #publish(proposed: Revision): Promise<Revision> {
    try {
      return await this.#revisions.approve(proposed)
    } catch (error) {
      if (!isForbidden(error)) throw error
      this.#publishes = false
      this.#run.report.waits(
        `${this.#name}/${clientVersion(proposed.version ?? '')}`,
        `it and later versions wait for a review: ${error.message}`,
      )
      return proposed
    }
  }

  #noteScope(path: string, { scope = 'Cluster' }: ManifestLinks): void {
    if (this.#scope !== undefined && this.#scope !== scope) {
      this.#run.report.note(path, `its scope is ${scope}, and that of the version before ${this.#scope}`)
    }
    this.#scope = scope
  }

  /** Makes clients see the same latest version as in the tree. */
  async hold(latest: string, versions: readonly VersionTag[]): Promise<void> {
    const { report, api, repository } = this.#run
    const path = `${this.#name}/versions.yaml`
    const shown = clientVersion(serverVersion(latest))
    const published = this.#revisions.published().flatMap((version) => parseVersion(version) ?? [])
    const held = versionToHold(published, latest)
    const inTree = versionToHold(
      versions.map(({ version }) => version),
      latest,
    )
    if (inTree === undefined) report.note(path, `its latestVersion ${latest} is not among its versions`)
    else if (inTree !== null) {
      const how = held === undefined ? 'hold it back once it is published' : 'it is held back'
      report.note(path, `its latestVersion ${shown} is not the highest: ${how}`)
    }
    if (held === undefined || !this.#run.asPublished) return
    const target = `/packages/${repository}/${this.#name}`
    try {
      const { listing } = await api.call<{ listing?: { latestVersion: string | null } }>('GET', target)
      if ((listing?.latestVersion ?? null) !== held) await api.call('PATCH', target, { latestVersion: held })
    } catch (error) {
      if (!isOfVersion(error) && !isForbidden(error)) throw error
      report.waits(path, `its latestVersion ${shown} is not set: ${error.message}`)
    }
  }
}

/** The version is on the server with other content, which stays. */
class ChangedError extends AppError {}

function otherContent({ name, lifecycle }: Revision): AppError {
  if (isPublished(lifecycle)) {
    return new ChangedError('conflict', `it has changed since ${name} was published, which stays as it is`)
  }
  return new AppError(
    'conflict',
    `${name} has the same version and other content: publish or delete it first`,
  )
}

function isForbidden(error: unknown): error is RestError {
  return error instanceof RestError && error.status === 403
}

/** Failures that say nothing of other versions. */
function isOfVersion(error: unknown): error is AppError {
  if (error instanceof RestError) return error.status < 500 && ![401, 403, 429].includes(error.status)
  return error instanceof AppError && error.code !== 'unavailable'
}
