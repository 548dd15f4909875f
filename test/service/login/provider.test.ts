import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { LoginEndedError } from '../../../src/service/login/provider.ts'
import { forgingProvider, idToken } from '../../support/forging-provider.ts'
import { providerClient } from '../../support/identity-provider.ts'
import { listening } from '../../support/listening.ts'

const REDIRECT = new URL('https://packages.example.com/auth/callback')
const CHALLENGE = { state: 'state', nonce: 'nonce', verifier: 'v'.repeat(43) }

describe('a provider', () => {
  it.each([
    [
      'answers with too much',
      (response: ServerResponse) => {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        for (let count = 0; count < 20; count++) response.write(' '.repeat(100_000))
        response.end('{}')
      },
    ],
    [
      'never ends its answer',
      (response: ServerResponse) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).write('{')
      },
    ],
    ['never begins its answer', () => undefined],
    ['leads elsewhere', (response: ServerResponse) => response.writeHead(302, { Location: '/other' }).end()],
    ['fails', (response: ServerResponse) => response.writeHead(500).end()],
    ['cuts its answer off', (response: ServerResponse) => response.destroy()],
    [
      'is another one',
      (response: ServerResponse) =>
        response
          .writeHead(200, { 'Content-Type': 'application/json' })
          .end('{"issuer":"https://other.example"}'),
    ],
  ])('that %s is unavailable, and asked again for the next login', async (_, answer) => {
    let asked = 0
    const url = await listening((_request, response) => {
      asked++
      answer(response)
    })
    const provider = providerClient(url.origin, {}, 0.3)
    for (let count = 1; count <= 2; count++) {
      await expect(provider.loginUrl(REDIRECT, CHALLENGE)).rejects.toMatchObject({ code: 'unavailable' })
      expect(asked).toBe(count)
    }
  })

  it('is asked once by logins that begin together', async () => {
    let asked = 0
    const url = await listening((_request, response) => {
      asked++
      response.writeHead(503).end()
    })
    const provider = providerClient(url.origin)
    const logins = Array.from({ length: 5 }, () => provider.loginUrl(REDIRECT, CHALLENGE))
    for (const { status } of await Promise.allSettled(logins)) expect(status).toBe('rejected')
    expect(asked).toBe(1)
  })

  it('gets the secret of the client in the body, if it takes no other', async () => {
    for (const [methods, header] of [
      [['client_secret_post'], undefined],
      [['client_secret_basic', 'client_secret_post'], expect.stringMatching(/^Basic /)],
      [undefined, expect.stringMatching(/^Basic /)],
    ] as const) {
      const forging = await forgingProvider({ token_endpoint_auth_methods_supported: methods })
      forging.forge((asked) => idToken({ ...asked, nonce: CHALLENGE.nonce }))
      const answer = new URL('?code=code&state=state', REDIRECT)
      await forging.client().identify(answer, CHALLENGE)
      expect(forging.lastAsked()).toMatchObject({ authorization: header })
      expect(forging.lastAsked().body.includes('client_secret=')).toBe(header === undefined)
    }
  })

  it('whose keys are not there lets no one in', async () => {
    const forging = await forgingProvider({ jwks_uri: 'http://127.0.0.1:1/keys' })
    forging.forge((asked) => idToken({ ...asked, nonce: CHALLENGE.nonce }))
    const answer = new URL('?code=code&state=state', REDIRECT)
    await expect(forging.client().identify(answer, CHALLENGE)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('that wants the person to come again has ended the login, unlike one that refuses the server', async () => {
    const forging = await forgingProvider()
    const provider = forging.client()
    forging.forge((asked) => idToken({ ...asked, nonce: CHALLENGE.nonce }))
    const first = await provider.identify(new URL('?code=code&state=state', REDIRECT), CHALLENGE)
    for (const error of [
      'invalid_grant',
      'interaction_required',
      'login_required',
      'consent_required',
      'access_denied',
    ]) {
      forging.refuse(error)
      await expect(provider.refresh(first), error).rejects.toThrow(LoginEndedError)
    }
    for (const error of ['invalid_client', 'temporarily_unavailable', 'invalid_scope']) {
      forging.refuse(error)
      await expect(provider.refresh(first), error).rejects.not.toThrow(LoginEndedError)
    }
  })

  it('that only says that a login still holds changes nothing of it', async () => {
    const forging = await forgingProvider()
    const provider = forging.client()
    forging.forge((asked) => idToken({ ...asked, nonce: CHALLENGE.nonce }, { groups: ['corp:a'] }))
    const first = await provider.identify(new URL('?code=code&state=state', REDIRECT), CHALLENGE)
    expect(first).toMatchObject({ login: { groups: ['corp:a'] }, refreshToken: 'again' })
    forging.forge(() => undefined)
    expect(await provider.refresh(first)).toEqual(first)
    forging.forge((asked) => idToken(asked, { nonce: undefined, groups: ['corp:b'] }))
    expect((await provider.refresh(first)).login.groups).toEqual(['corp:b'])
    forging.forge((asked) => idToken(asked, { nonce: undefined, sub: 'another' }))
    await expect(provider.refresh(first)).rejects.toThrow(LoginEndedError)
  })
})
