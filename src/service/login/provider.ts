/** The identity provider of people. https://openid.net/specs/openid-connect-core-1_0.html */
import * as oidc from 'openid-client'
import { AppError } from '../../core/errors.ts'
import type { Connections } from '../../oci/remote/connections.ts'
import type { Login } from '../accounts/record-login.ts'
import { type ClaimNames, type Claims, loginOf } from './claims.ts'
import { providerFetch } from './provider-fetch.ts'

export type ProviderSettings = ClaimNames & {
  issuer: URL
  clientId: string
  /** Undefined for a public client. */
  clientSecret: string | undefined
  /** With blanks between. */
  scopes: string
}

/** What the answer of the provider must fit. */
export type Challenge = { state: string; nonce: string; verifier: string }

/** What was learned of a person, and what it takes to ask again. */
export type Identified = { login: Login; refreshToken: string | undefined; idToken: string | undefined }

/** In seconds. */
const TIMEOUT = 10
/** Codes of errors of a provider that has not answered as one; none for those of the connection. */
const FAILURES: readonly (string | undefined)[] = [
  undefined,
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]

/** Errors with which a provider ends a login: the person may not come in any more, or has to be asked. */
const ENDS: readonly string[] = [
  'invalid_grant',
  'access_denied',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
]

/** Between the clocks of two servers, in seconds. */
const CLOCK_TOLERANCE = 30

/** The provider has ended the login of a person. */
export class LoginEndedError extends Error {}

/** Its configuration is fetched when it is first needed, so that the server starts and works without it. */
export class Provider {
  readonly settings: ProviderSettings
  readonly #fetch: oidc.CustomFetch
  readonly #timeout: number
  #configuration: Promise<oidc.Configuration> | undefined

  /** `timeout`: seconds for each request. */
  constructor(settings: ProviderSettings, connections: Connections, timeout = TIMEOUT) {
    this.settings = settings
    this.#timeout = timeout
    this.#fetch = providerFetch(connections)
  }

  /** Resolves to where the browser goes for a login. Throws `unavailable`. */
  async loginUrl(redirectUri: URL, { state, nonce, verifier }: Challenge): Promise<URL> {
    return oidc.buildAuthorizationUrl(await this.#configured(), {
      redirect_uri: redirectUri.href,
      scope: this.settings.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
  }

  /** Finds out who has logged in. `answer`: the URL to which the provider has sent the browser. */
  async identify(answer: URL, { state, nonce, verifier }: Challenge): Promise<Identified> {
    const configuration = await this.#configured()
    return this.#asking(async () => {
      const tokens = await oidc.authorizationCodeGrant(configuration, answer, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims) throw new AppError('unauthenticated', 'the identity provider has not said who logged in')
      return this.#identified(configuration, claims, tokens)
    })
  }

  /** Asks again about a person who has logged in. Throws `LoginEndedError` if the provider has ended that. */
  async refresh({ login, refreshToken = '', idToken }: Identified): Promise<Identified> {
    const configuration = await this.#configured()
    return this.#asking(async () => {
      const tokens = await oidc.refreshTokenGrant(configuration, refreshToken).catch((error) => {
        throw isEnd(error) ? new LoginEndedError() : error
      })
      const next = tokens.refresh_token ?? refreshToken
      const claims = tokens.claims()
      // Some providers only say that the login still holds.
      if (!claims) return { login, refreshToken: next, idToken }
      if (claims.iss !== login.issuer || claims.sub !== login.subject) throw new LoginEndedError()
      return { ...(await this.#identified(configuration, claims, tokens)), refreshToken: next }
    })
  }

  /** Resolves to where a person can log out of the provider; undefined where it has no such page, or is down. */
  async logoutUrl(idToken: string | undefined): Promise<URL | undefined> {
    const configuration = await this.#configured().catch(() => undefined)
    if (!configuration?.serverMetadata().end_session_endpoint) return undefined
    return oidc.buildEndSessionUrl(configuration, idToken === undefined ? {} : { id_token_hint: idToken })
  }

  /** Some providers put less into the ID token than they say when they are asked. */
  async #identified(
    configuration: oidc.Configuration,
    claims: Claims,
    tokens: oidc.TokenEndpointResponse,
  ): Promise<Identified> {
    const { groupsClaim, usernameClaim } = this.settings
    const lacks = !(groupsClaim in claims) || !(usernameClaim in claims)
    const asked = lacks && configuration.serverMetadata().userinfo_endpoint !== undefined
    const more = asked ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
    return {
      login: loginOf({ ...more, ...claims }, this.settings),
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
    }
  }

  /** Throws `unavailable`; the next call tries again. */
  #configured(): Promise<oidc.Configuration> {
    const discovering = this.#configuration ?? this.#discover()
    this.#configuration = discovering
    discovering.catch(() => {
      if (this.#configuration === discovering) this.#configuration = undefined
    })
    return discovering
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings
    // The settings allow it on this machine only.
    const insecure = issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
    try {
      return await oidc.discovery(
        issuer,
        clientId,
        { [oidc.clockTolerance]: CLOCK_TOLERANCE },
        authentication(clientSecret),
        {
          // Otherwise the signature of the ID token is not verified.
          execute: [oidc.enableNonRepudiationChecks, ...insecure],
          timeout: this.#timeout,
          [oidc.customFetch]: this.#fetch,
        },
      )
    } catch (cause) {
      throw new AppError(
        'unavailable',
        `the identity provider ${issuer.href} does not answer, or not as one: try again, or use a token`,
        { cause },
      )
    }
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (cause instanceof AppError || cause instanceof LoginEndedError) throw cause
      throw refusalOf(cause)
    }
  }
}

/** Basic, unless the provider takes the secret in another way only. */
function authentication(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None()
  const basic = oidc.ClientSecretBasic(secret)
  const post = oidc.ClientSecretPost(secret)
  return (provider, ...rest) => {
    const { token_endpoint_auth_methods_supported: methods } = provider
    const chosen = methods?.includes('client_secret_basic') === false ? post : basic
    chosen(provider, ...rest)
  }
}

function isEnd(error: unknown): boolean {
  return error instanceof oidc.ResponseBodyError && ENDS.includes(error.error)
}

/** Names what is wrong without quoting the provider, which may repeat tokens. */
function refusalOf(cause: unknown): AppError {
  if (cause instanceof oidc.AuthorizationResponseError || isRefusal(cause)) {
    const code = /^[a-z_]{1,50}$/.exec(cause.error)?.[0] ?? 'error'
    return new AppError(
      'unauthenticated',
      `the identity provider refuses the login (${code}): log in again`,
      {
        cause,
      },
    )
  }
  if (cause instanceof oidc.ClientError && !FAILURES.includes(cause.code)) {
    return new AppError(
      'unauthenticated',
      `the answer of the identity provider is not valid (${cause.code}): log in again`,
      { cause },
    )
  }
  const isClient =
    cause instanceof oidc.WWWAuthenticateChallengeError || cause instanceof oidc.ResponseBodyError
  const message = isClient
    ? 'the identity provider does not accept this server: an administrator has to check the id and the secret of the client'
    : 'the identity provider does not answer: try again'
  return new AppError('unavailable', message, { cause })
}

/** Of the person, and not of this server. */
function isRefusal(error: unknown): error is oidc.ResponseBodyError {
  return error instanceof oidc.ResponseBodyError && !/_client$/.test(error.error)
}
