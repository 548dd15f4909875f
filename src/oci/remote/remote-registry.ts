import { OciError } from '../errors.ts'
import { KeyedLock } from '../keyed-lock.ts'
import { isRepositoryName } from '../reference.ts'
import type { Registry } from '../roles.ts'
import { discard } from './answer.ts'
import { type Capabilities, probe } from './capabilities.ts'
import { listCatalog } from './catalog.ts'
import { HttpClient } from './http-client.ts'
import { type RemoteOptions, settingsOf } from './options.ts'
import { RemoteRepository } from './remote-repository.ts'
import { type Knowledge, RepositoryClient } from './repository-client.ts'

/** A registry at the other end of an HTTP connection. */
export class RemoteRegistry implements Registry {
  readonly #http: HttpClient
  /** What stands before the name of each repository. */
  readonly #prefix: string
  readonly #known: Knowledge
  readonly #locks = new KeyedLock()

  /**
   * `base` is its URL, like `https://registry.example.com`. Behind a path as in `https://registry.example.com/team`,
   * the repository `x` is the registry's `team/x`. Throws `invalid_reference` where it is none.
   */
  constructor(base: URL, options: RemoteOptions = {}) {
    const path = base.pathname.replace(/^\/|\/$/g, '')
    const isPlain = base.username === '' && base.password === '' && base.search === '' && base.hash === ''
    if (!/^https?:$/.test(base.protocol) || !isPlain || (path !== '' && !isRepositoryName(path))) {
      throw new OciError(
        'invalid_reference',
        `the URL of a registry is like https://registry.example.com or https://registry.example.com/team, without user name and query; this one, at ${base.host}, is not`,
      )
    }
    const settings = settingsOf(options)
    this.#http = new HttpClient(base, settings)
    this.#prefix = path === '' ? '' : `${path}/`
    this.#known = { maxMonolithic: settings.upload.maxMonolithic, tagDeletion: true }
  }

  repository(name: string): RemoteRepository {
    return new RemoteRepository(this.#client(name))
  }

  /** Once, so that whoever waits for it knows soon. */
  async ping(): Promise<void> {
    await discard(await this.#http.send('/v2/', [200], { scopes: [], once: true }))
  }

  /**
   * The repositories below the prefix, as they are named there. Not every registry tells, and no specification has it.
   * Throws `denied`, `not_found` or `unsupported` where it does not.
   */
  async *repositories(): AsyncGenerator<string> {
    for await (const name of listCatalog(this.#http)) {
      if (name.startsWith(this.#prefix)) yield name.slice(this.#prefix.length)
    }
  }

  /**
   * Finds out, by trying, what the registry and the credentials allow. `name` is a repository for nothing else; what
   * the registry can delete is deleted from it in the end. Throws `denied` where content cannot be pushed and pulled.
   */
  async capabilities(name: string): Promise<Capabilities> {
    return probe(this.#client(name))
  }

  #client(name: string): RepositoryClient {
    const options = { prefix: this.#prefix, name, known: this.#known, locks: this.#locks }
    if (isRepositoryName(name) && isRepositoryName(this.#prefix + name)) {
      return new RepositoryClient(this.#http, options)
    }
    throw new OciError(
      'invalid_reference',
      `"${name.slice(0, 300)}" is not the name of a repository, or too long for one`,
    )
  }
}
