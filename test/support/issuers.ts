/** Issuers of tokens with keys of their own, on a real HTTPS server. */
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { selfSigned } from './certificate.ts'
import type { RequiredApp } from './required-app.ts'

export type SigningKey = Awaited<ReturnType<typeof signingKey>>

const OUR_AUDIENCE = 'http://localhost:8080'
export const GITHUB = 'https://token.actions.githubusercontent.com'

/** What an issuer need not have. */
export const NO_ISSUER = {
  kind: undefined,
  jwksUri: undefined,
  jwks: undefined,
  caCertificate: undefined,
  internal: false,
}

const RSA: Record<string, Promise<Awaited<ReturnType<typeof generateKeyPair>>>> = {}

/** A key with the id `kid`: the same pair each time for a name, as making one takes long. */
export async function signingKey(kid: string, alg = 'RS256', name = `${alg} ${kid}`) {
  RSA[name] ??= generateKeyPair(alg, { extractable: true })
  const { publicKey, privateKey } = await RSA[name]
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  const sign = (claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey)
  return { jwk, privateKey, sign }
}

const certificate = selfSigned('localhost')
export const CA = certificate.pem

/** Starts an HTTPS server until the test ends. It has a certificate by `CA` for its name, which leads to this machine. */
export async function httpsServer(answer: RequestListener): Promise<{ url: URL; asked: string[] }> {
  const asked: string[] = []
  const key = certificate.key.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key, cert: certificate.pem }, (request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return { url: new URL(`https://localhost:${(server.address() as AddressInfo).port}`), asked }
}

/** Claims of a token that is issued now, with a `jti` of its own. */
export function claimsNow({ ctx }: Pick<RequiredApp, 'ctx'>, claims: JWTPayload): JWTPayload {
  const now = Math.floor(ctx.now().getTime() / 1000)
  return { aud: OUR_AUDIENCE, iat: now, nbf: now, exp: now + 300, jti: crypto.randomUUID(), ...claims }
}

/** Claims of a job of GitHub Actions in the environment `prod`. */
export function githubClaims(at: Pick<RequiredApp, 'ctx'>, claims: JWTPayload = {}): JWTPayload {
  return claimsNow(at, {
    iss: GITHUB,
    sub: 'repo:octo-org/octo-repo:environment:prod',
    repository: 'octo-org/octo-repo',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    ref: 'refs/heads/main',
    event_name: 'push',
    environment: 'prod',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    ...claims,
  })
}

/** Asks for an exchange. */
export async function exchange(at: RequiredApp, token: string, form: Record<string, string> = {}) {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    service_account: 'ci',
    ...form,
  })
  const response = await at.as(undefined, '/auth/token', { method: 'POST', body })
  // biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}
