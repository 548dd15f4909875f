import type { KeyedLock } from '../keyed-lock.ts'
import { type Action, repositoryScope } from './auth/scopes.ts'
import type { Call, HttpClient } from './http-client.ts'
import type { Settings } from './options.ts'
import type { Answer } from './transport.ts'

/** What has been found out about a registry, for all its repositories. */
export type Knowledge = {
  /** Whether there is a referrers API, until when that is believed. */
  referrersApi?: { there: boolean; until: number }
  /** In bytes; what is larger goes in chunks. */
  maxMonolithic: number
  /** False where a tag is not deleted alone. */
  tagDeletion: boolean
}

/** The requests of one repository. */
export class RepositoryClient {
  readonly http: HttpClient
  readonly known: Knowledge
  readonly locks: KeyedLock
  /** As the registry knows it, with the client's prefix. */
  readonly name: string
  readonly #prefix: string

  constructor(
    http: HttpClient,
    options: { prefix: string; name: string; known: Knowledge; locks: KeyedLock },
  ) {
    this.http = http
    this.known = options.known
    this.locks = options.locks
    this.name = options.prefix + options.name
    this.#prefix = options.prefix
  }

  get settings(): Settings {
    return this.http.settings
  }

  /** The name that the registry knows a sibling by. */
  fullName(sibling: string): string {
    return this.#prefix + sibling
  }

  scope(...actions: Action[]): string {
    return repositoryScope(this.name, ...actions)
  }

  /** `target` is a path below the repository, or a URL that the registry gave. */
  send(
    target: string | URL,
    expected: readonly number[],
    { actions, more = [], ...call }: Omit<Call, 'scopes'> & { actions: Action[]; more?: readonly string[] },
  ): Promise<Answer> {
    const url = target instanceof URL ? target : `/v2/${this.name}/${target}`
    return this.http.send(url, expected, { ...call, scopes: [this.scope(...actions), ...more] })
  }
}
