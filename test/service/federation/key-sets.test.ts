/** How the keys of issuers are fetched. The titles with numbers are the security tests that every version must pass. */
import type { RequestListener, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { NewIssuer } from '../../../src/domain/federation/issuer.ts'
import { KeySet } from '../../../src/service/federation/key-set.ts'
import { federatedApp } from '../../support/federated-app.ts'
import { CA, claimsNow, exchange, httpsServer, signingKey } from '../../support/issuers.ts'
import { listening } from '../../support/listening.ts'

const HOUR = 60 * 60_000

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value))
}

/** An app that trusts an issuer of its own at an address, and how its answers look to a caller. */
async function trusting(url: URL, given: Partial<NewIssuer> = {}) {
  const at = await federatedApp()
  const key = await signingKey('k1')
  const issuer = given.issuer ?? url.origin
  await at.issuer({ name: 'own', internal: true, caCertificate: CA, ...given, issuer })
  await at.trust({ issuer: 'own', claims: { sub: ['job'] } })
  const ask = async (kid = 'k1') => {
    const text = await key.sign(claimsNow(at, { iss: issuer, sub: 'job' }), { kid })
    const { status, body } = await exchange(at, text)
    return status === 200 ? 'accepted' : body.error
  }
  return { ...at, key, ask, reasons: () => at.reported.map(String).join('\n') }
}

/** An issuer with a discovery document. */
async function discoverable(
  change: (document: { issuer: string; jwks_uri: string }) => object = (same) => same,
) {
  const { jwk } = await signingKey('k1')
  const server = await httpsServer((request, response) => {
    const { origin } = server.url
    if (request.url === '/keys') return sendJson(response, { keys: [jwk] })
    sendJson(response, change({ issuer: origin, jwks_uri: `${origin}/keys` }))
  })
  return server
}

describe('23. JWKS SSRF', () => {
  it('23. JWKS SSRF: never asks the metadata address, ::1 and other private addresses, whatever leads there', async () => {
    const server = await discoverable()
    const { port } = server.url
    // A name that leads to this machine, as one would that is changed after the issuer was created.
    const byName = await trusting(server.url, { internal: false })
    expect(await byName.ask()).toBe('temporarily_unavailable')
    expect(byName.reasons()).toContain('unless the issuer is internal')
    const byKeys = await trusting(server.url, {
      issuer: 'https://issuer.example',
      jwksUri: `https://localhost:${port}/keys`,
      internal: false,
    })
    expect(await byKeys.ask()).toBe('temporarily_unavailable')
    for (const address of [
      '169.254.169.254',
      '[::1]',
      '[fd00:ec2::254]',
      '127.0.0.1',
      '10.0.0.1',
      '0x7f.1',
    ]) {
      const given = { issuer: 'https://issuer.example', jwksUri: `https://${address}:${port}/keys` }
      await expect(trusting(server.url, { ...given, internal: false }), address).rejects.toMatchObject({
        code: 'invalid',
      })
    }
    for (const address of ['169.254.169.254', '[fd00:ec2::254]', '0.0.0.0']) {
      const given = { issuer: 'https://issuer.example', jwksUri: `https://${address}:${port}/keys` }
      await expect(trusting(server.url, { ...given, internal: true }), address).rejects.toMatchObject({
        code: 'invalid',
      })
    }
    expect(server.asked).toEqual([])
    const internal = await trusting(server.url)
    expect(await internal.ask()).toBe('accepted')
    expect(server.asked).toEqual(['/.well-known/openid-configuration', '/keys'])
  })

  it('23. JWKS SSRF: looks at the address of each connection, as names are changed (DNS rebinding)', async () => {
    const server = await httpsServer((_, response) => sendJson(response, { keys: [] }))
    const at = await trusting(server.url, { internal: false })
    // Each time it is looked up, not only when the issuer is created.
    for (let time = 0; time < 3; time++) {
      expect(await at.ask()).toBe('temporarily_unavailable')
      at.pass(31_000)
    }
    expect(at.reported).toHaveLength(3)
    expect(server.asked).toEqual([])
  })

  it('23. JWKS SSRF: follows no redirect, and no discovery document to another server', async () => {
    const inside = await httpsServer((_, response) => sendJson(response, { keys: [] }))
    const redirecting = await httpsServer(
      (_, response) => void response.writeHead(302, { Location: `${inside.url.origin}/keys` }).end(),
    )
    const redirected = await trusting(redirecting.url)
    expect(await redirected.ask()).toBe('temporarily_unavailable')
    expect(redirected.reasons()).toContain('status 302')
    for (const [change, reason] of [
      [{ jwks_uri: `${inside.url.origin}/keys` }, 'on another server'],
      [{ jwks_uri: 'http://localhost/keys' }, 'on another server'],
      [{ jwks_uri: 'file:///etc/passwd' }, 'on another server'],
      [{ issuer: 'https://other.example' }, 'of another issuer'],
      [{ jwks_uri: 7 }, 'no discovery document'],
    ] as const) {
      const leading = await discoverable((document) => ({ ...document, ...change }))
      const led = await trusting(leading.url)
      expect(await led.ask()).toBe('temporarily_unavailable')
      expect(led.reasons()).toContain(reason)
    }
    expect(inside.asked).toEqual([])
  })

  it('23. JWKS SSRF: gives up on answers that are too large or too slow', async () => {
    let sent = 0
    const endless: RequestListener = (_, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ')
      const more = () => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      more()
    }
    const slow: RequestListener = (_, response) => void response.writeHead(200).write('{"keys":')
    const silent: RequestListener = () => undefined
    for (const [answer, reason] of [
      [endless, 'more than 262144 bytes'],
      [slow, 'no answer within 1 s'],
      [silent, 'no answer within 1 s'],
    ] as const) {
      const server = await httpsServer(answer)
      const at = await trusting(server.url, { jwksUri: `${server.url.origin}/keys` })
      expect(await at.ask()).toBe('temporarily_unavailable')
      expect(at.reasons()).toContain(reason)
    }
    expect(sent).toBeLessThan(50 * 2 ** 20)
  })

  it('23. JWKS SSRF: speaks HTTPS only, and trusts the certificates of the issuer alone', async () => {
    const plain = await listening((_, response) => void response.end('{"keys":[]}'))
    const overTls = await trusting(new URL(`https://localhost:${plain.port}`))
    expect(await overTls.ask()).toBe('temporarily_unavailable')
    const server = await discoverable()
    const untrusted = await trusting(server.url, { caCertificate: undefined })
    expect(await untrusted.ask()).toBe('temporarily_unavailable')
    expect(untrusted.reasons()).toContain('certificate')
    expect(server.asked).toEqual([])
  })

  it('23. JWKS SSRF: fetches once in 30 seconds, however many unknown kids there are', async () => {
    const { jwk } = await signingKey('k1')
    const keys = [jwk]
    const server = await httpsServer((_, response) => sendJson(response, { keys }))
    const at = await trusting(server.url, { jwksUri: `${server.url.origin}/keys` })
    expect(await at.ask()).toBe('accepted')
    expect(server.asked).toHaveLength(1)
    for (let kid = 0; kid < 9; kid++) expect(await at.ask(`unknown-${kid}`)).toBe('invalid_grant')
    expect(server.asked).toHaveLength(1)
    at.pass(60_000)
    const flood = await Promise.all(Array.from({ length: 9 }, (_, kid) => at.ask(`unknown-${kid}`)))
    expect(new Set(flood)).toEqual(new Set(['invalid_grant']))
    expect(server.asked).toHaveLength(2)

    // A new key is found as soon as one may look for it.
    keys.push({ ...jwk, kid: 'k2' })
    at.pass(60_000)
    expect(await at.ask('k2')).toBe('accepted')
    expect(server.asked).toHaveLength(3)
  })

  it('23. JWKS SSRF: fetches no keys of issuers that the account does not trust', async () => {
    const server = await discoverable()
    const at = await federatedApp()
    await at.issuer({ name: 'own', issuer: server.url.origin, internal: true, caCertificate: CA })
    const text = await at.signer.sign(claimsNow(at, { iss: server.url.origin, sub: 'job' }))
    expect((await exchange(at, text)).body.error).toBe('invalid_grant')
    expect(server.asked).toEqual([])
  })
})

describe('a set of keys', () => {
  async function prepared() {
    let now = Date.now()
    const { jwk } = await signingKey('k1')
    const fetch = vi.fn(async () => ({ keys: [jwk] }) as unknown)
    const report = vi.fn()
    const set = new KeySet({ fetch, report, now: () => new Date(now) })
    const find = () => set.find({ alg: 'RS256', kid: 'k1' }, { payload: '', signature: '' })
    const pass = (milliseconds: number) => {
      now += milliseconds
    }
    return { fetch, report, find, pass }
  }

  it('is used for an hour, and then fetched again without making a caller wait', async () => {
    const { fetch, find, pass } = await prepared()
    await Promise.all([find(), find(), find()])
    pass(HOUR - 1)
    await find()
    expect(fetch).toHaveBeenCalledTimes(1)
    pass(1)
    const { promise, resolve } = Promise.withResolvers<unknown>()
    fetch.mockImplementationOnce(() => promise)
    await find()
    await find()
    expect(fetch).toHaveBeenCalledTimes(2)
    resolve({ keys: [] })
    await setTimeout(0)
    await expect(find()).rejects.toThrow('no applicable key')
  })

  it('is used for a day while it cannot be fetched, and no longer', async () => {
    const { fetch, report, find, pass } = await prepared()
    await find()
    fetch.mockRejectedValue(new Error('down'))
    for (let hour = 1; hour < 24; hour++) {
      pass(HOUR)
      await find()
    }
    await setTimeout(0)
    expect(report).toHaveBeenCalledTimes(23)
    pass(HOUR)
    await expect(find()).rejects.toThrow('down')
    const { length } = fetch.mock.calls
    await expect(find()).rejects.toThrow('down')
    expect(fetch).toHaveBeenCalledTimes(length)
  })

  it('refuses what is no set of keys', async () => {
    const { fetch, find } = await prepared()
    for (const found of [{}, [], null, 'keys', { keys: 'x' }]) {
      fetch.mockResolvedValue(found)
      await expect(find()).rejects.toMatchObject({ code: 'unavailable' })
    }
  })
})
