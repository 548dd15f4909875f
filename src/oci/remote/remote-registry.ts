import { OciError } from '../errors.ts'
import { KeyedLock } from '../keyed-lock.ts'
import { isRepositoryName } from '../reference.ts'
import type { Registry } from '../roles.ts'
import { type Capabilities, probe } from './capabilities.ts'
import { listCatalog } from './catalog.ts'
import { HttpClient } from './http-client.ts'
import { type RemoteOptions, settingsOf } from './options.ts'
import { RemoteRepository } from './remote-repository.ts'
import { type RegistryFeatures, RepositoryClient } from './repository-client.ts'
import { discard } from './response.ts'

/** A client of a registry that implements the distribution specification. */
export class RemoteRegistry implements Registry {
  readonly #http: HttpClient
  readonly #prefix: string
  readonly #features: RegistryFeatures
  readonly #locks = new KeyedLock()

  /**
   * `base` is the URL of the registry. Its path becomes a prefix: below `https://registry.example.com/team`, the
   * repository `x` is the registry's `team/x`. Throws `invalid_reference` for any other form.
   */
  constructor(base: URL, options: RemoteOptions = {}) {
    const path = base.pathname.replace(/^\/|\/$/g, '')
    const isPlain = base.username === '' && base.password === '' && base.search === '' && base.hash === ''
    if (!/^https?:$/.test(base.protocol) || !isPlain || (path !== '' && !isRepositoryName(path))) {
      throw new OciError(
        'invalid_reference',
        `invalid registry URL at ${base.host}: use the form https://registry.example.com or https://registry.example.com/team, without credentials or a query`,
      )
    }
    const settings = settingsOf(options)
    this.#http = new HttpClient(base, settings)
    this.#prefix = path === '' ? '' : `${path}/`
    this.#features = { maxMonolithic: settings.upload.maxMonolithic, tagDeletion: true }
  }

  repository(name: string): RemoteRepository {
    return new RemoteRepository(this.#client(name))
  }

  /** Lists the repositories below the prefix. */
  async repositories(): Promise<string[]> {
    const names = await listCatalog(this.#http, this.#prefix)
    return names.map((name) => name.slice(this.#prefix.length)).sort()
  }

  /** Tries only once, so that the caller gets a fast result. */
  async ping(): Promise<void> {
    await discard(await this.#http.send('/v2/', [200], { scopes: [], once: true }))
  }

  /**
   * Probes what the registry and the credentials allow, with pushes to the repository `name`, which must be used for
   * nothing else. Rules can make some tags immutable, so it also tries to move `movingTags`. Cleans up as far as the registry
   * can delete. Throws an OciError if pushing or pulling fails.
   */
  async capabilities(name: string, movingTags: readonly string[] = []): Promise<Capabilities> {
    return probe(this.#client(name), movingTags)
  }

  #client(name: string): RepositoryClient {
    const options = { prefix: this.#prefix, name, features: this.#features, locks: this.#locks }
    if (isRepositoryName(name) && isRepositoryName(this.#prefix + name)) {
      return new RepositoryClient(this.#http, options)
    }
    throw new OciError(
      'invalid_reference',
      `"${name.slice(0, 300)}" is not a valid repository name, or too long`,
    )
  }
}
