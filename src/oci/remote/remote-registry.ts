import { OciError } from '../errors.ts'
import { isRepositoryName } from '../reference.ts'
import type { Registry } from '../roles.ts'
import { HttpClient, readMetadata } from './http.ts'
import { RemoteRepository } from './remote-repository.ts'

/** A registry at the other end of an HTTP connection. It has to take calls without credentials. */
export class RemoteRegistry implements Registry {
  readonly #http: HttpClient

  /** `base` is its URL, like `https://registry.example.com`. */
  constructor(base: URL) {
    this.#http = new HttpClient(base)
  }

  repository(name: string): RemoteRepository {
    if (!isRepositoryName(name)) {
      throw new OciError('invalid_reference', `"${name.slice(0, 300)}" is not the name of a repository`)
    }
    return new RemoteRepository(this.#http, name)
  }

  async ping(): Promise<void> {
    await readMetadata(await this.#http.send('/v2/', [200]))
  }
}
