import { recent } from '../../core/recent.ts'
import { repositoryIdentity } from '../../database/repositories/repositories.ts'
import type { ServiceContext } from '../context.ts'

const REMEMBERED = 10_000

/** Tells a repository from an earlier one of the same name. Remembers what it has read until the next commit. */
export class RepositoryIds {
  readonly #db: ServiceContext['db']
  readonly #known = recent<{ id: string | undefined }>(REMEMBERED)
  #commits = 0

  constructor({ db, commits }: Pick<ServiceContext, 'db' | 'commits'>) {
    this.#db = db
    commits.onCommit(() => {
      this.#commits++
      this.#known.clear()
    })
  }

  /** The id of the repository that an OCI repository belongs to; undefined if the index has none. */
  async of(ociRepository: string): Promise<string | undefined> {
    const [name = ''] = ociRepository.split('/')
    const known = this.#known.get(name)
    if (known) return known.id
    const commits = this.#commits
    const id = await repositoryIdentity(this.#db, name)
    if (commits === this.#commits) this.#known.set(name, { id })
    return id
  }
}
