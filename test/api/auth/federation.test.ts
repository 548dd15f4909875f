/** Trusts, and tokens that are almost those of a trust. The titles with numbers are the security tests that every version must pass. */
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { createBinding } from '../../../src/service/accounts/create-binding.ts'
import { createServiceAccount } from '../../../src/service/accounts/create-service-account.ts'
import { federatedApp, PROD } from '../../support/federated-app.ts'
import { claimsNow, exchange, GITHUB, githubClaims, signingKey } from '../../support/issuers.ts'
import { basic, requiredApp } from '../../support/required-app.ts'

describe('24. federation', () => {
  async function github() {
    const at = await federatedApp()
    return {
      ...at,
      /** `accepted`, or the reason in the audit log. */
      asked: async (claims: object) => {
        const { status } = await exchange(at, await at.signer.sign({ ...githubClaims(at), ...claims }))
        // Of the next minute, so that the next refusal is recorded by itself.
        at.pass(60_000)
        if (status === 200) return 'accepted'
        return (await at.records('token.exchanged')).at(-1)?.reason
      },
    }
  }

  it('24. federation: refuses the right repository name with another id', async () => {
    const { asked } = await github()
    expect(await asked({ repository: 'octo-org/octo-repo', repository_id: '75' })).toContain('repository_id')
    expect(await asked({ repository_id: undefined })).toContain('no claim repository_id')
    expect(await asked({ repository_id: '74 ' })).toContain('repository_id')
    expect(await asked({ repository: 'renamed/repo' })).toBe('accepted')
  })

  it('24. federation: refuses a recycled namespace', async () => {
    const at = await github()
    const { jwk, sign } = await signingKey('gitlab')
    await at.issuer({ name: 'gitlab', issuer: 'https://gitlab.com', jwks: { keys: [jwk] } })
    await at.trust({ issuer: 'gitlab', claims: { namespace_id: ['9'], ref_protected: ['true'] } })
    const status = async (claims: object) => {
      const job = { iss: 'https://gitlab.com', sub: 'project_path:corp/app:ref_type:branch:ref:main' }
      const all = { ...job, namespace_path: 'corp', ref_protected: 'true', ...claims }
      return (await exchange(at, await sign(claimsNow(at, all)))).status
    }
    expect(await status({ namespace_id: '9' })).toBe(200)
    expect(await status({ namespace_id: '10' })).toBe(400)
    expect(await status({ namespace_id: '9', ref_protected: 'false' })).toBe(400)
    expect(await status({ namespace_id: '9', ref_protected: undefined })).toBe(400)
    const { asked } = at
    await at.trust({ claims: { repository_owner_id: ['65'], environment: ['release'] } })
    expect(await asked({ repository_id: '1', environment: 'release' })).toBe('accepted')
    const recycled = { repository_id: '1', environment: 'release', repository_owner_id: '66' }
    expect(await asked(recycled)).toContain('repository_owner_id')
  })

  it('24. federation: takes both forms of the subject of GitHub, and decides by neither', async () => {
    const { asked } = await github()
    expect(await asked({ sub: 'repo:octo-org/octo-repo:environment:prod' })).toBe('accepted')
    expect(await asked({ sub: 'repo:octo-org@65/octo-repo@74:environment:prod' })).toBe('accepted')
    expect(
      await asked({ sub: 'repo:octo-org@65/octo-repo@74:environment:prod', environment: 'dev' }),
    ).toContain('environment')
  })

  it('24. federation: refuses pull_request, pull_request_target and workflow_run unless a trust names them', async () => {
    const { asked, trust } = await github()
    for (const event_name of ['pull_request', 'pull_request_target', 'workflow_run']) {
      expect(await asked({ event_name })).toContain(event_name)
    }
    expect(await asked({ event_name: undefined })).toContain('event_name')
    await trust({ claims: { ...PROD, event_name: ['workflow_run'] } })
    expect(await asked({ event_name: 'workflow_run' })).toBe('accepted')
    expect(await asked({ event_name: 'pull_request_target' })).toBeDefined()
  })

  it('24. federation: refuses a job without the environment', async () => {
    const { asked } = await github()
    expect(await asked({ environment: undefined })).toContain('no claim environment')
    expect(await asked({ environment: '' })).toContain('environment')
    expect(await asked({ environment: 'PROD' })).toBe('accepted')
  })

  it('24. federation: refuses a replayed jti, in each way in which a token can be presented', async () => {
    const at = await federatedApp()
    const exchanged = async (text: string) => (await exchange(at, text)).status
    const asPassword = async (text: string) => (await at.as(basic('ci', text), '/auth/token')).status
    const claims = githubClaims(at)
    const text = await at.signer.sign(claims)
    const results = await Promise.all([exchanged(text), exchanged(text), exchanged(text)])
    expect(results.sort()).toEqual([200, 400, 400])
    expect(await asPassword(text)).toBe(401)
    // Another token with the same id.
    expect(await exchanged(await at.signer.sign({ ...claims, sub: 'x' }))).toBe(400)

    const second = githubClaims(at)
    const password = await at.signer.sign(second)
    expect([await asPassword(password), await asPassword(password)]).toEqual([200, 200])
    expect(await exchanged(password)).toBe(400)
    expect(await asPassword(await at.signer.sign({ ...second, ref: 'refs/heads/x' }))).toBe(401)

    at.pass(120_000)
    const { jti: _, ...withoutId } = githubClaims(at)
    const nameless = await at.signer.sign(withoutId)
    expect([await exchanged(nameless), await exchanged(nameless)]).toEqual([200, 400])
    // As long as it is remembered, and no longer.
    at.pass(8 * 60_000)
    expect(await exchanged(nameless)).toBe(400)
    at.pass(12 * 60_000)
    await exchange(at, await at.signer.sign(githubClaims(at)))
    expect(await at.ctx.db.selectFrom('presented_tokens').selectAll().execute()).toHaveLength(1)
  })

  it('24. federation: tells clusters with the same issuer text apart by their keys', async () => {
    const at = await federatedApp()
    const iss = 'https://kubernetes.default.svc.cluster.local'
    const keys = {
      east: await signingKey('k', 'RS256', 'east'),
      west: await signingKey('k', 'RS256', 'west'),
    }
    const claims = {
      '/kubernetes.io/serviceaccount/name': ['flux'],
      sub: ['system:serviceaccount:flux:flux'],
    }
    for (const name of ['east', 'west'] as const) {
      await at.issuer({ name, issuer: iss, kind: 'kubernetes', jwks: { keys: [keys[name].jwk] } })
      const account = await at.account(`flux-${name}`)
      await at.bind(account, 'reader', name)
      await at.trust({ issuer: name, claims }, account.name)
    }
    const token = (name: 'east' | 'west') =>
      keys[name].sign(
        claimsNow(at, {
          iss,
          sub: 'system:serviceaccount:flux:flux',
          aud: ['http://localhost:8080'],
          'kubernetes.io': { namespace: 'flux', serviceaccount: { name: 'flux', uid: name } },
        }),
        { typ: undefined },
      )
    const status = async (name: 'east' | 'west', account: string) =>
      (await exchange(at, await token(name), { service_account: account })).status
    expect(await status('east', 'flux-east')).toBe(200)
    expect(await status('west', 'flux-west')).toBe(200)
    expect(await status('west', 'flux-east')).toBe(400)
    expect(await status('east', 'flux-west')).toBe(400)
    // An account can trust both.
    await at.trust(
      { issuer: 'west', claims: { ...claims, '/kubernetes.io/serviceaccount/uid': ['west'] } },
      'flux-east',
    )
    expect(await status('west', 'flux-east')).toBe(200)
    const wrong = { ...claims, '/kubernetes.io/serviceaccount/uid': ['other'] }
    await at.account('third')
    await at.trust({ issuer: 'east', claims: wrong }, 'third')
    expect(await status('east', 'third')).toBe(400)
  })
})

describe('a trust', () => {
  it('16. escalation: refuses a trust to a stronger account', async () => {
    const at = await requiredApp()
    const admin = await at.account('admin', 'team-*')
    await at.bind(admin, 'admin')
    const writer = await at.account('writer', 'team-*')
    await at.bind(writer, 'publisher', '*')
    const own = await at.account('own', 'team-a')
    await at.bind(own, 'author', 'team-a')
    await createServiceAccount(at.access, SYSTEM, { name: 'hidden', displayName: '', scope: 'other' })
    const keys = { keys: [(await signingKey('one')).jwk] }
    const root = await at.user('root')
    await createBinding(at.access, SYSTEM, {
      subject: { kind: 'user', name: 'root' },
      role: 'admin',
      repositories: [],
    })
    const rootClient = at.clientWith((await at.withToken(root, { permissions: ['server.admin'] })).text)
    await rootClient.ok('POST', '/issuers', { name: 'github', issuer: GITHUB, jwks: keys })

    const ann = await at.user('ann')
    await at.bind({ kind: 'user', name: 'ann' }, 'repository-admin', 'team-*')
    const withTokens = await at.withToken(ann, { permissions: ['admin', 'draft', 'propose', 'tokens'] })
    const without = await at.withToken(ann, { permissions: ['admin', 'draft', 'propose'] })
    const narrow = await at.withToken(ann, {
      permissions: ['admin', 'draft', 'propose', 'tokens'],
      repositories: ['team-a'],
    })
    const trust = { issuer: 'github', claims: PROD, permissions: ['draft'] }
    const status = async (text: string, account: string, more: object = {}) => {
      const made = { ...trust, ...more }
      return (await at.clientWith(text).call('POST', `/serviceaccounts/${account}/trusts`, made)).status
    }
    expect(await status(withTokens.text, 'admin')).toBe(403)
    expect(await status(withTokens.text, 'writer')).toBe(403)
    expect(await status(withTokens.text, 'hidden')).toBe(404)
    expect(await status(without.text, 'own')).toBe(403)
    expect(await status(withTokens.text, 'own', { permissions: ['publish'] })).toBe(403)
    expect(await status(narrow.text, 'own')).toBe(403)
    expect(await status(withTokens.text, 'own', { permissions: ['admin'] })).toBe(400)
    expect(await status(withTokens.text, 'own', { issuer: 'unknown' })).toBe(404)
    expect(await status(withTokens.text, 'own')).toBe(201)
    expect(await status(narrow.text, 'own', { repositories: ['team-a'] })).toBe(201)

    // Only admins of the server decide whom it believes.
    const annClient = at.clientWith(withTokens.text)
    for (const [method, path] of [
      ['GET', '/issuers'],
      ['GET', '/issuers/github'],
      ['DELETE', '/issuers/github'],
    ] as const) {
      expect((await annClient.call(method, path, undefined, { 'If-Match': '*' })).status).toBe(403)
    }
    expect(
      (await annClient.call('POST', '/issuers', { name: 'x', issuer: 'https://x.example' })).status,
    ).toBe(403)
  })

  it('is listed, shown and deleted with its account alone', async () => {
    const at = await federatedApp()
    await at.bind(at.ci, 'admin')
    const owner = await at.withToken(SYSTEM, { owner: at.ci, permissions: ['server.admin', 'admin', 'read'] })
    const client = at.clientWith(owner.text)
    await at.account('other')
    const { items } = await client.ok('GET', '/serviceaccounts/ci/trusts')
    expect(items).toMatchObject([{ id: at.madeTrust.id, issuer: 'github', audiences: [], claims: PROD }])
    const [{ id }] = items
    expect(await client.ok('GET', `/serviceaccounts/ci/trusts/${id}`)).toEqual(items[0])
    for (const method of ['GET', 'DELETE']) {
      expect((await client.call(method, `/serviceaccounts/other/trusts/${id}`)).status).toBe(404)
    }
    await client.ok('DELETE', `/serviceaccounts/ci/trusts/${id}`)
    expect((await client.call('GET', `/serviceaccounts/ci/trusts/${id}`)).status).toBe(404)
    expect(await at.records('trust.deleted')).toMatchObject([
      { target: { name: 'ci' }, details: { trust: id } },
    ])
  })
})

describe('an issuer', () => {
  it('is created, shown, replaced and deleted by admins of the server, each with a record', async () => {
    const at = await federatedApp()
    const { text } = await at.withToken(SYSTEM, { owner: at.ci, permissions: ['server.admin', 'read'] })
    await at.bind(at.ci, 'admin')
    const client = at.clientWith(text)
    const { jwk } = await signingKey('one')
    const made = await client.call('POST', '/issuers', {
      name: 'k8s',
      issuer: 'https://k',
      jwks: { keys: [jwk] },
    })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'k8s', kind: 'other', internal: false, jwksUri: null },
    })
    const etag = made.headers.get('ETag') ?? ''
    expect((await client.call('POST', '/issuers', { name: 'k8s', issuer: 'https://k' })).status).toBe(409)
    expect((await client.ok('GET', '/issuers')).items.map(({ name }: { name: string }) => name)).toEqual([
      'github',
      'k8s',
    ])
    const next = { issuer: 'https://k', kind: 'kubernetes', internal: true }
    expect((await client.call('PUT', '/issuers/k8s', next)).status).toBe(428)
    expect((await client.call('PUT', '/issuers/k8s', next, { 'If-Match': etag })).status).toBe(200)
    expect((await client.call('PUT', '/issuers/k8s', next, { 'If-Match': etag })).status).toBe(412)
    expect(await client.ok('GET', '/issuers/k8s')).toMatchObject({ ...next, jwks: null })
    expect((await client.call('DELETE', '/issuers/k8s', undefined, { 'If-Match': '*' })).status).toBe(204)
    expect((await client.call('GET', '/issuers/k8s')).status).toBe(404)
    for (const given of [
      { issuer: 'https://169.254.169.254', internal: true },
      { issuer: 'https://[::1]' },
      { issuer: 'https://10.0.0.1' },
      { issuer: 'https://x.example', jwksUri: 'https://127.0.0.1/jwks' },
      { issuer: 'https://x.example', caCertificate: 'nonsense' },
    ]) {
      const answer = await client.call('POST', '/issuers', { name: 'x', ...given })
      expect(answer.status, answer.text).toBe(400)
    }
    for (const type of ['issuer.created', 'issuer.updated', 'issuer.deleted']) {
      expect((await at.records(type)).at(-1)).toMatchObject({ target: { name: 'k8s' } })
    }
  })

  it('keeps the kind that its trusts need', async () => {
    const at = await federatedApp()
    const { text } = await at.withToken(SYSTEM, { owner: at.ci, permissions: ['server.admin', 'read'] })
    await at.bind(at.ci, 'admin')
    const change = { issuer: 'https://gitlab.example', kind: 'gitlab' }
    const answer = await at.clientWith(text).call('PUT', '/issuers/github', change, { 'If-Match': '*' })
    expect(answer.status).toBe(400)
  })
})
