import { expect, it } from 'vitest'
import { describe as describeBytes } from '../../../src/oci/descriptor.ts'
import { staticCredentials } from '../../../src/oci/remote/auth/credentials.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import { type Recorded, recording, registryBehind, withBasic } from '../../support/registries.ts'
import { tokenService } from '../../support/token-service.ts'

const BLOB = Buffer.from('some blob')
const DESCRIPTOR = describeBytes('application/vnd.example', BLOB)

const alice = { username: 'alice', password: 'pass:word' }
const users = { alice: alice.password }
const quick = { firstDelay: 1, maxDelay: 5 }

it('sends credentials only after a challenge, and then with every request', async () => {
  const requests: Recorded[] = []
  const url = await registryBehind([recording(requests), withBasic(alice.username, alice.password)])
  const repository = new RemoteRegistry(url, { credentials: staticCredentials(alice) }).repository('a')
  await repository.push(DESCRIPTOR, BLOB)
  expect(requests.map(({ headers }) => headers.has('Authorization'))).toEqual([false, true, true, true])
})

it('shares one token among concurrent requests and reuses it until it expires', async () => {
  const { protect, log } = await tokenService({ users, expiresIn: 300 })
  const requests: Recorded[] = []
  const url = await registryBehind([recording(requests), protect])
  let now = Date.now()
  const clock = { now: () => now, sleep: async () => undefined }
  const registry = new RemoteRegistry(url, { credentials: staticCredentials(alice), clock })
  const repository = registry.repository('a')
  await Promise.all(Array.from({ length: 10 }, () => repository.exists(DESCRIPTOR)))
  expect(log).toEqual(['GET alice repository:a:pull'])
  await repository.push(DESCRIPTOR, BLOB)
  expect(log).toEqual(['GET alice repository:a:pull', 'GET alice repository:a:pull,push'])
  requests.length = 0
  now += 280_000
  await repository.exists(DESCRIPTOR)
  expect(log).toHaveLength(2)
  now += 15_000
  await repository.exists(DESCRIPTOR)
  expect(log).toHaveLength(3)
  // The token was renewed before the request, not after a 401.
  expect(requests).toHaveLength(2)
})

it('assumes a lifetime of one minute for a token without expires_in', async () => {
  const { protect, log } = await tokenService({ field: 'access_token' })
  let now = Date.now()
  const clock = { now: () => now, sleep: async () => undefined }
  const repository = new RemoteRegistry(await registryBehind([protect]), { clock }).repository('a')
  for (const later of [0, 49_000, 2_000]) {
    now += later
    await repository.exists(DESCRIPTOR)
  }
  expect(log).toEqual(['GET anonymous repository:a:pull', 'GET anonymous repository:a:pull'])
})

it('renews a token once if it is rejected before it expires', async () => {
  const { protect, log, grants } = await tokenService({ users })
  const url = await registryBehind([protect])
  const repository = new RemoteRegistry(url, { credentials: staticCredentials(alice) }).repository('a')
  await repository.exists(DESCRIPTOR)
  grants.clear()
  await Promise.all([repository.exists(DESCRIPTOR), repository.exists(DESCRIPTOR)])
  expect(log).toHaveLength(2)
})

it('requests scopes for both repositories of a mount', async () => {
  const { protect, log } = await tokenService({ users })
  const url = await registryBehind([protect])
  const registry = new RemoteRegistry(new URL('/team', url), { credentials: staticCredentials(alice) })
  await registry.repository('b').push(DESCRIPTOR, BLOB)
  expect(await registry.repository('a').mount(DESCRIPTOR, 'b')).toBe(true)
  expect(log.at(-1)).toBe('GET alice repository:team/a:pull,push repository:team/b:pull')
})

it('adds the scopes of the challenge to its own', async () => {
  const { protect, log, url: token } = await tokenService()
  const url = await registryBehind([
    async (c, next) => {
      if (!c.req.header('Authorization')) {
        const scope = 'repository:a:pull repository:base:pull'
        return c.body(null, 401, {
          'WWW-Authenticate': `Bearer realm="${token}",service="registry, \\"main\\"",scope="${scope}"`,
        })
      }
      return next()
    },
    protect,
  ])
  await new RemoteRegistry(url).repository('a').exists(DESCRIPTOR)
  expect(log).toEqual(['GET anonymous repository:a:pull repository:base:pull'])
})

it('exchanges an identity token, and falls back to the password if that is rejected', async () => {
  const services: (Record<string, string> | undefined)[] = [
    { 'the-identity': 'alice' },
    { x: 'bob' },
    undefined,
  ]
  for (const refreshTokens of services) {
    const { protect, log } = await tokenService({ users, ...(refreshTokens && { refreshTokens }) })
    const credentials = staticCredentials({ ...alice, identityToken: 'the-identity' })
    const url = await registryBehind([protect])
    await new RemoteRegistry(url, { credentials }).repository('a').exists(DESCRIPTOR)
    const method = refreshTokens && 'the-identity' in refreshTokens ? 'POST' : 'GET'
    expect(log).toEqual([`${method} alice repository:a:pull`])
  }
})

it('says what to do if an identity token is rejected and there is no password', async () => {
  const { protect } = await tokenService({ users })
  const credentials = staticCredentials({ identityToken: 'the-identity' })
  const registry = new RemoteRegistry(await registryBehind([protect]), { credentials })
  await expect(registry.repository('a').exists(DESCRIPTOR)).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining('it does not support identity tokens; use a username and password'),
  })
})

it('sends a registry token unchanged', async () => {
  const { protect, grants, log } = await tokenService()
  grants.set('given', { user: 'alice', scopes: ['repository:a:pull'], expiresAt: Date.now() + 60_000 })
  const credentials = staticCredentials({ registryToken: 'given' })
  await new RemoteRegistry(await registryBehind([protect]), { credentials })
    .repository('a')
    .exists(DESCRIPTOR)
  expect(log).toEqual([])
})

it('asks the provider again when its password is rejected', async () => {
  let password = 'old'
  const url = await registryBehind([
    (c, next) => withBasic('alice', password === 'old' ? 'old' : 'new')(c, next),
  ])
  let asked = 0
  const credentials = async () => {
    asked++
    return { username: 'alice', password }
  }
  const repository = new RemoteRegistry(url, { credentials }).repository('a')
  await repository.exists(DESCRIPTOR)
  await repository.exists(DESCRIPTOR)
  expect(asked).toBe(1)
  password = 'new'
  await repository.exists(DESCRIPTOR)
  expect(asked).toBe(2)
})

it('names the registry that rejects a request, and says whether credentials were sent', async () => {
  const url = await registryBehind([withBasic('alice', 'right')])
  const without = new RemoteRegistry(url).repository('a')
  await expect(without.resolve('v1')).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining(
      `the registry ${url.host} requires credentials, and none are configured for it`,
    ),
  })
  const wrong = new RemoteRegistry(url, {
    credentials: staticCredentials({ username: 'alice', password: 'hunter2' }),
  })
  const error: Error = await wrong
    .repository('a')
    .resolve('v1')
    .catch((e) => e)
  expect(error).toMatchObject({ code: 'denied' })
  expect(error.message).toContain(`the registry ${url.host} rejected the credentials`)
  expect(error.message).not.toContain('hunter2')
})

it('masks passwords that a registry or a token service repeats in an error', async () => {
  const { protect } = await tokenService({ users: { alice: 'right' }, refreshTokens: {} })
  const credentials = staticCredentials({ username: 'alice', password: 'hunter2', identityToken: 'hunter3' })
  const registry = new RemoteRegistry(await registryBehind([protect]), { credentials })
  const repeating = await registryBehind([
    withBasic('alice', 'hunter2'),
    async (c) => {
      const sent = c.req.header('Authorization')
      return c.json(
        { errors: [{ code: 'DENIED', message: `${'.'.repeat(490)} hunter2 is wrong, as is ${sent}` }] },
        403,
      )
    },
  ])
  for (const repository of [registry, new RemoteRegistry(repeating, { credentials })]) {
    const error: Error = await Array.fromAsync(repository.repository('a').tags()).catch((e) => e)
    expect(error).toMatchObject({ code: 'denied' })
    expect(`${error.message} ${error.stack}`).not.toMatch(/hunter|YWxpY2U/)
  }
})

it('retries a failing token service, and names it in the final error', async () => {
  let fails = 2
  const { protect, url: token } = await tokenService()
  const proxy = await registryBehind([
    async (c) => {
      if (fails-- > 0) return c.text('', 503)
      const answer = await fetch(`${token}${new URL(c.req.url).search}`)
      return c.body(await answer.text())
    },
  ])
  const pointed = (await tokenService({ realm: `${proxy}token` })).protect
  const url = await registryBehind([
    (c, next) => (c.req.header('Authorization') ? protect : pointed)(c, next),
  ])
  const registry = new RemoteRegistry(url, { retry: quick })
  await registry.repository('a').exists(DESCRIPTOR)
  fails = 1000
  const other = new RemoteRegistry(url, { retry: quick })
  await expect(other.repository('b').exists(DESCRIPTOR)).rejects.toMatchObject({
    code: 'unavailable',
    message: `the token service at ${proxy.host} failed with 503`,
  })
})

it('pulls but does not push with read-only credentials', async () => {
  const { protect } = await tokenService({ users, mayPush: () => false })
  const registry = new RemoteRegistry(await registryBehind([protect]), {
    credentials: staticCredentials(alice),
  })
  expect(await registry.repository('a').exists(DESCRIPTOR)).toBe(false)
  await expect(registry.repository('a').push(DESCRIPTOR, BLOB)).rejects.toMatchObject({ code: 'denied' })
})
