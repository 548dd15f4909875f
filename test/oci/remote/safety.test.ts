/** Where credentials are sent, and where a registry can redirect its clients. */
import type { IncomingMessage, RequestListener } from 'node:http'
import { expect, it } from 'vitest'
import { describe as describeBytes } from '../../../src/oci/descriptor.ts'
import { staticCredentials } from '../../../src/oci/remote/auth/credentials.ts'
import { parseRealm } from '../../../src/oci/remote/auth/realm.ts'
import { isSafeRedirect, isSafeTarget } from '../../../src/oci/remote/hosts.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import { fetchAll } from '../../../src/oci/roles.ts'
import { listening } from '../../support/listening.ts'

const BLOB = Buffer.from('some blob')
const DESCRIPTOR = describeBytes('application/vnd.example', BLOB)
const credentials = staticCredentials({ username: 'alice', password: 'hunter2' })

type Asked = { method: string | undefined; url: string | undefined; authorization: string | undefined }

/** Starts a server that records its requests. */
async function witness(answer: RequestListener): Promise<{ url: URL; asked: Asked[] }> {
  const asked: Asked[] = []
  const url = await listening((request, response) => {
    const { method, url, headers } = request
    asked.push({ method, url, authorization: headers.authorization })
    answer(request, response)
  })
  return { url, asked }
}

const wantsPassword: RequestListener = (_, response) => {
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="give me"' }).end()
}

/** Requires a password. */
function locked(answer: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.authorization === undefined) wantsPassword(request, response)
    else answer(request, response)
  }
}

/** Returns the URL of the same server by another name, so that it counts as another private host. */
function elsewhere(url: URL): URL {
  return new URL(url.href.replace('127.0.0.1', 'localhost'))
}

it('follows a redirect to content elsewhere without sending its credentials', async () => {
  const store = await witness((_, response) => void response.end(BLOB))
  const registry = await witness(
    locked((_, response) => void response.writeHead(307, { Location: `${store.url}x?signature=1` }).end()),
  )
  const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
  expect(Buffer.from(await fetchAll(repository, DESCRIPTOR, 100))).toEqual(BLOB)
  expect(store.asked).toEqual([{ method: 'GET', url: '/x?signature=1', authorization: undefined }])
  expect(registry.asked.at(-1)?.authorization).toBeDefined()
})

it('sends its credentials on a redirect within the registry', async () => {
  const registry = await witness(
    locked((request, response) => {
      if (request.url === '/other') response.end(BLOB)
      else response.writeHead(302, { Location: '/other' }).end()
    }),
  )
  const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
  await fetchAll(repository, DESCRIPTOR, 100)
  expect(registry.asked.at(-1)).toMatchObject({
    url: '/other',
    authorization: expect.stringContaining('Basic'),
  })
})

it('does not send its credentials again when a redirect leads back to the registry', async () => {
  const back: { url?: URL } = {}
  const store = await witness((_, response) => {
    response.writeHead(307, { Location: `${back.url}back` }).end()
  })
  const registry = await witness((request, response) => {
    if (request.url === '/back') response.end(BLOB)
    else
      locked((_, answer) => void answer.writeHead(307, { Location: store.url.href }).end())(request, response)
  })
  back.url = registry.url
  const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
  await fetchAll(repository, DESCRIPTOR, 100)
  expect(registry.asked.at(-1)).toEqual({ method: 'GET', url: '/back', authorization: undefined })
})

it('does not send its credentials to another server that asks for them', async () => {
  const store = await witness(wantsPassword)
  const registry = await witness(
    locked((_, response) => void response.writeHead(307, { Location: store.url.href }).end()),
  )
  const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
  await expect(repository.fetch(DESCRIPTOR)).rejects.toMatchObject({ code: 'denied' })
  expect(store.asked).toHaveLength(1)
  expect(store.asked[0]?.authorization).toBeUndefined()
})

it('follows at most five redirects', async () => {
  for (const count of [5, 6]) {
    const registry = await witness((request, response) => {
      const at = Number(/^\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0)
      if (at === count) response.end(BLOB)
      else response.writeHead(307, { Location: `/${at + 1}` }).end()
    })
    const fetching = fetchAll(new RemoteRegistry(registry.url).repository('a'), DESCRIPTOR, 100)
    if (count === 5) await fetching
    else await expect(fetching).rejects.toMatchObject({ code: 'unsupported' })
  }
})

it('follows redirects only when it reads content', async () => {
  const store = await witness((_, response) => void response.end('{"tags": ["x"]}'))
  const registry = await witness((_, response) => {
    response.writeHead(307, { Location: store.url.href }).end()
  })
  const repository = new RemoteRegistry(registry.url).repository('a')
  const subject = DESCRIPTOR.digest
  for (const work of [
    () => Array.fromAsync(repository.tags()),
    () => Array.fromAsync(repository.referrers(subject)),
    () => repository.delete(DESCRIPTOR),
    () => repository.mount(DESCRIPTOR, 'b'),
    () => new RemoteRegistry(registry.url).ping(),
  ]) {
    await expect(work()).rejects.toMatchObject({ code: 'unsupported' })
  }
  expect(store.asked).toEqual([])
})

it('sends uploads only to the registry itself', async () => {
  const other = await witness((_, response) => void response.writeHead(201).end())
  const secret = 'state=secret'
  for (const location of [
    `${other.url}upload?${secret}`,
    `${elsewhere(other.url)}upload`,
    'http://[',
    undefined,
  ]) {
    const registry = await witness((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end()
      else response.writeHead(202, location === undefined ? {} : { Location: location }).end()
    })
    const pushing = new RemoteRegistry(registry.url).repository('a').push(DESCRIPTOR, BLOB)
    const error = await pushing.catch((e) => e)
    expect(error).toMatchObject({ code: 'unsupported' })
    expect(error.message).not.toContain(secret)
  }
  expect(other.asked).toEqual([])
})

it('contacts a token service only if credentials are safe there', async () => {
  const answering = (_: IncomingMessage, response: Parameters<RequestListener>[1]) => {
    response.end('{"token": "x"}')
  }
  const service = await witness(answering)
  const realms = [
    elsewhere(service.url).href,
    `http://[::1]:${service.url.port}/`,
    `http://10.0.0.1:${service.url.port}/`,
    service.url.href.replace('//', '//user:pass@'),
    'ftp://auth.example/',
    'no url',
  ]
  for (const realm of realms) {
    const registry = await witness((_, response) => {
      response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm}", Basic realm="x"` }).end()
    })
    const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
    await expect(repository.resolve('v1'), realm).rejects.toMatchObject({ code: 'denied' })
    expect(registry.asked.map(({ authorization }) => authorization)).toEqual([undefined])
  }
  expect(service.asked).toEqual([])
})

it('requires TLS of a token service unless the registry has none or is on this machine', () => {
  const over = (registry: string, realm: string) => () => parseRealm(new URL(registry), realm)
  expect(over('https://registry.example', 'http://auth.example/token')).toThrow('without TLS')
  expect(over('https://registry.example', 'https://auth.example/token')).not.toThrow()
  expect(over('http://registry.example', 'http://auth.example/token')).not.toThrow()
  expect(over('https://localhost:5000', 'http://localhost:5001/token')).not.toThrow()
  expect(over('https://10.0.0.5', 'https://10.0.0.6/token')).toThrow('private address')
  expect(over('https://10.0.0.5', 'https://10.0.0.5:5001/token')).not.toThrow()
})

it('recognizes private addresses in every notation', () => {
  const registry = new URL('https://registry.example')
  const leadsTo = (host: string) => isSafeTarget(registry, new URL(`https://${host}/`))
  for (const host of [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '[::1]',
    '[::]',
    '[::ffff:10.0.0.1]',
    '[fd00::1]',
    '[fe80::1]',
    'localhost',
    'localhost.',
    'x.localhost',
  ]) {
    expect(leadsTo(host), host).toBe(false)
  }
  for (const host of ['cdn.example', '8.8.8.8', '172.32.0.1', '[2001:db8::1]', 'mylocalhost']) {
    expect(leadsTo(host), host).toBe(true)
  }
  expect(isSafeTarget(registry, new URL('file:///etc/passwd'))).toBe(false)
})

it('follows no redirect from HTTPS to HTTP', () => {
  const may = (from: string, to: string) =>
    isSafeRedirect(new URL('https://registry.example'), new URL(from), new URL(to))
  expect(may('https://registry.example/x', 'https://cdn.example/x')).toBe(true)
  expect(may('https://registry.example/x', 'http://registry.example/x')).toBe(false)
  expect(may('https://cdn.example/x', 'http://cdn.example/x')).toBe(false)
  expect(may('http://registry.example/x', 'http://cdn.example/x')).toBe(true)
  expect(may('https://registry.example/x', 'https://u:p@cdn.example/x')).toBe(false)
  expect(may('https://registry.example/x', 'https://192.168.0.1/x')).toBe(false)
})

it('follows no redirect of a token service, which would pass on the credentials', async () => {
  const other = await witness((_, response) => void response.end('{"token": "x"}'))
  const service = await witness((_, response) => {
    response.writeHead(307, { Location: other.url.href }).end()
  })
  const registry = await witness((_, response) => {
    response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${service.url}"` }).end()
  })
  const repository = new RemoteRegistry(registry.url, { credentials }).repository('a')
  await expect(repository.resolve('v1')).rejects.toMatchObject({ code: 'unavailable' })
  expect(other.asked).toEqual([])
})

it('rejects malformed and oversized tokens', async () => {
  for (const answer of [
    '{"token": "a\\r\\nb"}',
    '{"token": 5}',
    '[]',
    'null',
    `{"token": "${'x'.repeat(20_000)}"}`,
    `{"token": "${'x'.repeat(5_000_000)}"}`,
  ]) {
    const service = await witness((_, response) => void response.end(answer))
    const registry = await witness((_, response) => {
      response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${service.url}"` }).end()
    })
    await expect(new RemoteRegistry(registry.url).repository('a').resolve('v1')).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:unavailable|size_exceeded)$/),
    })
  }
})

it('rejects a registry URL with a password, without quoting it', () => {
  for (const url of ['https://u:hunter2@host', 'https://host/A', 'https://host/?x', 'ftp://host/']) {
    const opening = () => new RemoteRegistry(new URL(url))
    expect(opening).toThrow(expect.objectContaining({ code: 'invalid_reference' }))
    expect(opening).not.toThrow('hunter2')
  }
})
