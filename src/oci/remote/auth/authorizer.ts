/** Who the client is to one registry: learns what it asks for, and has it ready for the next request. */
import type { Settings } from '../options.ts'
import type { Answer } from '../transport.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { basicHeader, type Credentials } from './credentials.ts'
import { checkedRealm } from './realm.ts'
import { mergedScopes, parseScopes } from './scopes.ts'
import { fetchToken } from './token-service.ts'

type Scheme = { kind: 'basic' } | { kind: 'bearer'; realm: URL; service: string | undefined }
type Grant = { header: string; scopes: readonly string[]; expiresAt: number }

/** Credentials are asked for again after so long, in milliseconds: a provider may have to run a program for them. */
const CREDENTIALS_LIFETIME = 5 * 60 * 1000
/** Tokens of more than so many operations and repositories are not kept once they have expired. */
const MANY_GRANTS = 1000

export class Authorizer {
  readonly #registry: URL
  readonly #settings: Settings
  /** By the scopes of an operation. Promises, so that requests which come together share one. */
  readonly #grants = new Map<string, Promise<Grant>>()
  #scheme: Scheme | undefined
  #known: { credentials: Promise<Credentials | undefined>; until: number } | undefined

  constructor(registry: URL, settings: Settings) {
    this.#registry = registry
    this.#settings = settings
  }

  /** The Authorization header of a request, as far as it is known already what the registry wants. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#scheme === undefined) return undefined
    if (this.#scheme.kind === 'basic') return basicHeader(await this.#credentials())
    return this.#bearer(this.#scheme, mergedScopes(scopes), [])
  }

  /** The header to try again with, after a 401; undefined where none is better than the one that was `sent`. */
  async renewed(
    refusal: Answer,
    scopes: readonly string[],
    sent: string | undefined,
  ): Promise<string | undefined> {
    const challenges = parseChallenges(refusal.headers.get('WWW-Authenticate'))
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    if (!bearer && !challenges.some(({ scheme }) => scheme === 'basic')) return undefined
    const header = bearer
      ? await this.#renewedBearer(bearer, mergedScopes(scopes), sent)
      : await this.#renewedBasic(sent)
    return header === sent ? undefined : header
  }

  /** What somebody has to do whom the registry does not let in. */
  async advice(): Promise<string> {
    const { host } = this.#registry
    return (await this.#credentials()) === undefined
      ? `the registry ${host} asks for credentials, and none are set for it: set some that may do this`
      : `the registry ${host} refused the credentials that it was sent: check them, whether they have expired, and what they may do here`
  }

  async #renewedBasic(sent: string | undefined): Promise<string | undefined> {
    this.#scheme = { kind: 'basic' }
    const known = this.#known
    const header = basicHeader(await this.#credentials())
    if (header !== sent) return header
    // What was refused may have changed where it comes from; of those who come together, one asks.
    if (this.#known === known) this.#known = undefined
    return basicHeader(await this.#credentials())
  }

  async #renewedBearer(challenge: Challenge, scopes: string[], sent: string | undefined): Promise<string> {
    const realm = checkedRealm(this.#registry, challenge.parameters.get('realm'))
    const scheme: Scheme = { kind: 'bearer', realm, service: challenge.parameters.get('service') }
    this.#scheme = scheme
    const key = scopes.join(' ')
    const grant = this.#grants.get(key)
    // Another request may have renewed it already.
    if (sent !== undefined && (await grant)?.header === sent && this.#grants.get(key) === grant) {
      this.#grants.delete(key)
      this.#known = undefined
    }
    return this.#bearer(scheme, scopes, parseScopes(challenge.parameters.get('scope')))
  }

  /** `asked` are scopes of the challenge: some registries want others than one would think. */
  async #bearer(scheme: Scheme & { kind: 'bearer' }, scopes: string[], asked: string[]): Promise<string> {
    const key = scopes.join(' ')
    const wanted = mergedScopes([...scopes, ...asked])
    const known = this.#grants.get(key)
    if (known) {
      const grant = await known
      const covers = mergedScopes([...grant.scopes, ...wanted]).join() === grant.scopes.join()
      if (covers && grant.expiresAt > this.#settings.clock.now()) return grant.header
      if (this.#grants.get(key) !== known) return this.#bearer(scheme, scopes, asked)
    }
    this.#forgetExpired()
    const granting = this.#grant(scheme, wanted)
    this.#grants.set(key, granting)
    try {
      return (await granting).header
    } catch (error) {
      if (this.#grants.get(key) === granting) this.#grants.delete(key)
      this.#known = undefined
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
    if (this.#known && this.#known.until > now) return this.#known.credentials
    const credentials = this.#settings.credentials(this.#registry)
    const known = { credentials, until: now + CREDENTIALS_LIFETIME }
    this.#known = known
    credentials.catch(() => {
      if (this.#known === known) this.#known = undefined
    })
    return credentials
  }

  #forgetExpired(): void {
    if (this.#grants.size < MANY_GRANTS) return
    const now = this.#settings.clock.now()
    for (const [key, granting] of this.#grants) {
      // One that has failed takes itself out.
      granting.then(
        ({ expiresAt }) => expiresAt <= now && this.#grants.delete(key),
        () => undefined,
      )
    }
  }
}
