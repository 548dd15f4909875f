/** A provider that answers each login with the ID token that a test wants. */

import { text } from 'node:stream/consumers'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { providerClient } from './identity-provider.ts'
import { listening } from './listening.ts'

type Asked = { nonce: string; issuer: string; key: CryptoKey; other: CryptoKey; now: number }

/** Returns an ID token for what was asked. */
export type Forge = (asked: Asked) => Promise<string> | string | undefined

export type Claims = Record<string, unknown>

/** The ID token of an honest provider, with other claims or another header. */
export function idToken(
  { nonce, issuer, key, now }: Asked,
  claims: Claims = {},
  header: object = {},
): Promise<string> {
  const all = { iss: issuer, sub: 'mallory', aud: 'pkgserver', nonce, iat: now, exp: now + 300, ...claims }
  return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(key)
}

/** `metadata`: of the discovery document. */
export async function forgingProvider(metadata: Claims = {}) {
  const { privateKey: key, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const { privateKey: other } = await generateKeyPair('RS256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'one' }]
  let forge: Forge = (asked) => idToken(asked)
  let refusal: string | undefined
  let nonce = ''
  let issuer = ''
  let last = { authorization: undefined as string | undefined, body: '' }
  const url = await listening(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    const json = (body: unknown, status = 200) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    }
    if (pathname === '/.well-known/openid-configuration') {
      json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        ...metadata,
      })
    } else if (pathname === '/keys') {
      json({ keys })
    } else if (pathname === '/authorize') {
      nonce = searchParams.get('nonce') ?? ''
      const back = new URL(searchParams.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ code: 'code', state: searchParams.get('state') ?? '' }).toString()
      response.writeHead(303, { Location: back.href }).end()
    } else {
      last = { authorization: request.headers.authorization, body: await text(request) }
      if (refusal !== undefined) return json({ error: refusal }, 400)
      const now = Math.floor(Date.now() / 1000)
      const made = await forge({ nonce, issuer, key, other, now })
      json({ access_token: 'an-access-token', token_type: 'Bearer', refresh_token: 'again', id_token: made })
    }
  })
  issuer = url.origin
  return {
    issuer,
    client: () => providerClient(issuer, { scopes: 'openid' }),
    /** The last request for tokens. */
    lastAsked: () => last,
    /** Sets the error with which the next requests for tokens are refused. */
    refuse: (error: string | undefined) => {
      refusal = error
    },
    /** Sets the ID tokens of the next logins. */
    forge: (next: Forge) => {
      forge = next
    },
  }
}
