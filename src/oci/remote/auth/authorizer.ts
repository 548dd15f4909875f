/** Authenticates the requests to one registry: learns its scheme from a challenge and caches the tokens it gets. */
import type { Settings } from '../options.ts'
import type { HttpResponse } from '../transport.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { basicHeader, type Credentials } from './credentials.ts'
import { parseRealm } from './realm.ts'
import { mergeScopes, parseScopes } from './scopes.ts'
import { fetchToken } from './token-service.ts'

type Scheme = { kind: 'basic' } | { kind: 'bearer'; realm: URL; service: string | undefined }
type Grant = { header: string; scopes: readonly string[]; expiresAt: number }

/** Milliseconds for which credentials are cached, as a provider may have to run a program to get them. */
const CREDENTIALS_LIFETIME = 5 * 60 * 1000
/** The oldest tokens are evicted once this many are cached. */
const MAX_GRANTS = 1000

export class Authorizer {
  readonly #registry: URL
  readonly #settings: Settings
  /** By the scopes of a request. Holds promises, so that concurrent requests share one token. */
  readonly #grants = new Map<string, Promise<Grant>>()
  #scheme: Scheme | undefined
  #cached: { credentials: Promise<Credentials | undefined>; until: number } | undefined

  constructor(registry: URL, settings: Settings) {
    this.#registry = registry
    this.#settings = settings
  }

  /** Returns the Authorization header for a request, or undefined before the first challenge of the registry. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#scheme === undefined) return undefined
    if (this.#scheme.kind === 'basic') return basicHeader(await this.#credentials())
    return this.#bearer(this.#scheme, mergeScopes(scopes), [])
  }

  /** Returns the header to retry with after a 401, or undefined if there is none other than the one that was `sent`. */
  async reauthorize(
    refusal: HttpResponse,
    scopes: readonly string[],
    sent: string | undefined,
  ): Promise<string | undefined> {
    const challenges = parseChallenges(refusal.headers.get('WWW-Authenticate'))
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (!bearer && !challenges.some(({ scheme }) => scheme === 'basic')) return undefined
    const header = bearer
      ? await this.#renewBearer(bearer, mergeScopes(scopes), sent)
      : await this.#renewBasic(sent)
    return header === sent ? undefined : header
  }

  /** Explains a final 401, and what to do about it. */
  async advice(): Promise<string> {
    const { host } = this.#registry
    return (await this.#credentials()) === undefined
      ? `the registry ${host} requires credentials, and none are configured for it`
      : `the registry ${host} rejected the credentials: check that they are correct, have not expired and allow this operation`
  }

  async #renewBasic(sent: string | undefined): Promise<string | undefined> {
    this.#scheme = { kind: 'basic' }
    const cached = this.#cached
    const header = basicHeader(await this.#credentials())
    if (header !== sent) return header
    // The rejected credentials may have changed at their source. Of concurrent requests, only one asks again.
    if (this.#cached === cached) this.#cached = undefined
    return basicHeader(await this.#credentials())
  }

  async #renewBearer(challenge: Challenge, scopes: string[], sent: string | undefined): Promise<string> {
    const realm = parseRealm(this.#registry, challenge.parameters.get('realm'))
    const scheme: Scheme = { kind: 'bearer', realm, service: challenge.parameters.get('service') }
    this.#scheme = scheme
    const key = scopes.join(' ')
    const grant = this.#grants.get(key)
    // Unless another request has renewed it already.
    if (sent !== undefined && (await grant)?.header === sent && this.#grants.get(key) === grant) {
      this.#grants.delete(key)
      this.#cached = undefined
    }
    return this.#bearer(scheme, scopes, parseScopes(challenge.parameters.get('scope')))
  }

  /** `challenged` are the scopes of the challenge, which may go beyond those of the request. */
  async #bearer(
    scheme: Scheme & { kind: 'bearer' },
    scopes: string[],
    challenged: string[],
  ): Promise<string> {
    const key = scopes.join(' ')
    const wanted = mergeScopes([...scopes, ...challenged])
    const cached = this.#grants.get(key)
    if (cached) {
      const grant = await cached
      const covers = mergeScopes([...grant.scopes, ...wanted]).join() === grant.scopes.join()
      if (covers && grant.expiresAt > this.#settings.clock.now()) return grant.header
      if (this.#grants.get(key) !== cached) return this.#bearer(scheme, scopes, challenged)
    }
    this.#evictOldest()
    const granting = this.#grant(scheme, wanted)
    this.#grants.set(key, granting)
    try {
      return (await granting).header
    } catch (error) {
      if (this.#grants.get(key) === granting) this.#grants.delete(key)
      this.#cached = undefined
      throw error
    }
  }

  async #grant({ realm, service }: Scheme & { kind: 'bearer' }, scopes: readonly string[]): Promise<Grant> {
    const credentials = await this.#credentials()
    if (credentials?.registryToken !== undefined) {
      return { header: `Bearer ${credentials.registryToken}`, scopes, expiresAt: 0 }
    }
    const wanted = { registry: this.#registry, realm, service, scopes, credentials }
    const { value, expiresAt } = await fetchToken(wanted, this.#settings)
    return { header: `Bearer ${value}`, scopes, expiresAt }
  }

  #credentials(): Promise<Credentials | undefined> {
    const now = this.#settings.clock.now()
    if (this.#cached && this.#cached.until > now) return this.#cached.credentials
    const credentials = this.#settings.credentials(this.#registry)
    const cached = { credentials, until: now + CREDENTIALS_LIFETIME }
    this.#cached = cached
    credentials.catch(() => {
      if (this.#cached === cached) this.#cached = undefined
    })
    return credentials
  }

  #evictOldest(): void {
    const [oldest] = this.#grants.keys()
    if (oldest !== undefined && this.#grants.size >= MAX_GRANTS) this.#grants.delete(oldest)
  }
}
