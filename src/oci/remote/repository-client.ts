import type { KeyedLock } from '../keyed-lock.ts'
import { type Action, repositoryScope } from './auth/scopes.ts'
import type { Call, HttpClient } from './http-client.ts'
import type { Settings } from './options.ts'
import type { HttpResponse } from './transport.ts'

/** The features of a registry as observed so far, shared by all its repositories. */
export type RegistryFeatures = {
  /** Absent before the first request for referrers. Asked again after `until`, in milliseconds since 1970. */
  referrersApi?: { supported: boolean; until: number }
  /** The largest blob, in bytes, that is uploaded in one request. */
  maxMonolithic: number
  /** False if deleting a tag fails, or deletes its manifest. */
  tagDeletion: boolean
}

/** Sends the requests to one repository. */
export class RepositoryClient {
  readonly http: HttpClient
  readonly features: RegistryFeatures
  readonly locks: KeyedLock
  /** The name in the registry, with the client's prefix. */
  readonly name: string
  readonly #prefix: string

  constructor(
    http: HttpClient,
    options: { prefix: string; name: string; features: RegistryFeatures; locks: KeyedLock },
  ) {
    this.http = http
    this.features = options.features
    this.locks = options.locks
    this.name = options.prefix + options.name
    this.#prefix = options.prefix
  }

  get settings(): Settings {
    return this.http.settings
  }

  /** The host and name, for messages. */
  get address(): string {
    return `${this.http.registry.host}/${this.name}`
  }

  /** Returns the name of another repository with the client's prefix. */
  fullName(sibling: string): string {
    return this.#prefix + sibling
  }

  scope(...actions: Action[]): string {
    return repositoryScope(this.name, ...actions)
  }

  /** `target` is a path below the repository, or a URL returned by the registry; `more` are additional scopes. */
  send(
    target: string | URL,
    expected: readonly number[],
    { actions, more = [], ...call }: Omit<Call, 'scopes'> & { actions: Action[]; more?: readonly string[] },
  ): Promise<HttpResponse> {
    const url = target instanceof URL ? target : `/v2/${this.name}/${target}`
    return this.http.send(url, expected, { ...call, scopes: [this.scope(...actions), ...more] })
  }
}
