/** The revisions of one package on the server, and the changes to them that an import makes. */
import { clientVersion } from '../../domain/glasskube/listing.ts'
import { isPublished, type Lifecycle } from '../../domain/lifecycle.ts'
import type { PackageId } from '../../domain/names.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import { workspaceOf } from '../../domain/version-tag.ts'
import { type FilesJson, sameFiles, toFilesJson } from './files-json.ts'
import { type RestApi, RestError } from './rest-api.ts'

export type Revision = {
  name: string
  workspace: string
  version: string | null
  lifecycle: Lifecycle
  artifact: { digest: string }
}

const PAGE = 1000
/** Several versions can give the same workspace, and those of deleted drafts stay used up. */
const WORKSPACES = 10

export class Revisions {
  readonly #api: RestApi
  readonly #id: PackageId
  readonly #byVersion = new Map<string, Revision>()

  private constructor(api: RestApi, id: PackageId) {
    this.#api = api
    this.#id = id
  }

  static async of(api: RestApi, id: PackageId): Promise<Revisions> {
    const revisions = new Revisions(api, id)
    let next: string | undefined
    do {
      const query = new URLSearchParams({ ...id, limit: String(PAGE), ...(next && { continue: next }) })
      const page: { items: Revision[]; continue?: string } = await api.call(
        'GET',
        `/packagerevisions?${query}`,
      )
      for (const revision of page.items) revisions.#keep(revision)
      next = page.continue
    } while (next !== undefined)
    return revisions
  }

  find(version: string): Revision | undefined {
    return this.#byVersion.get(version)
  }

  /** The versions that are published. */
  published(): string[] {
    const live = [...this.#byVersion.values()].filter(({ lifecycle }) => isPublished(lifecycle))
    return live.map(({ version }) => version ?? '')
  }

  async hasFiles({ name }: Revision, files: PackageFiles): Promise<boolean> {
    const { resources } = await this.#api.call<{ resources: FilesJson }>(
      'GET',
      `/packagerevisions/${name}/resources`,
    )
    return sameFiles(files, resources)
  }

  async create(version: string, files: PackageFiles): Promise<Revision> {
    const first = workspaceOf(version)
    const body = { ...this.#id, version, source: { resources: toFilesJson(files) } }
    for (let number = 1; ; number++) {
      const workspace = number === 1 ? first : `${first}-${number}`
      try {
        return this.#keep(await this.#api.call<Revision>('POST', '/packagerevisions', { ...body, workspace }))
      } catch (error) {
        const taken = error instanceof RestError && error.problem === 'already_exists'
        if (!taken || number === WORKSPACES) throw error
      }
    }
  }

  async propose({ name }: Revision): Promise<Revision> {
    return this.#keep(await this.#api.call<Revision>('POST', `/packagerevisions/${name}/propose`))
  }

  /**
   * Publishes a proposal. Where a review policy holds, it is bypassed if the policy lets the caller do so: otherwise the
   * answer is a proposal, or a `RestError` with the reason.
   */
  async approve({ name, artifact: { digest }, version }: Revision): Promise<Revision> {
    const path = `/packagerevisions/${name}/approve`
    const reason = `imported as it is published elsewhere: ${clientVersion(version ?? '')}`
    try {
      const voted = this.#keep(await this.#api.call<Revision>('POST', path, { digest, reason }))
      if (isPublished(voted.lifecycle)) return voted
    } catch (error) {
      if (!(error instanceof RestError) || error.status !== 403) throw error
    }
    return this.#keep(await this.#api.call<Revision>('POST', path, { digest, reason, bypass: true }))
  }

  #keep(revision: Revision): Revision {
    if (revision.version !== null) this.#byVersion.set(revision.version, revision)
    return revision
  }
}
