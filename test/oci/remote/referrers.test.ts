import type { MiddlewareHandler } from 'hono'
import { expect, it } from 'vitest'
import { describe as describeBytes } from '../../../src/oci/descriptor.ts'
import { encodeManifest } from '../../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import type { Repository } from '../../../src/oci/roles.ts'
import { pushNote } from '../../support/manifests.ts'
import {
  type Recorded,
  recording,
  registryBehind,
  withoutReferrersApi,
  withoutTagDeletion,
} from '../../support/registries.ts'

const retry = { attempts: 20, firstDelay: 1, maxDelay: 5 }

async function opened(...middlewares: MiddlewareHandler[]) {
  const requests: Recorded[] = []
  const url = await registryBehind([recording(requests), ...middlewares])
  const open = () => new RemoteRegistry(url, { retry }).repository('a')
  return { requests, open, repository: open() }
}

async function referrers(repository: Repository, digest: string): Promise<string[]> {
  return (await Array.fromAsync(repository.referrers(digest))).map((referrer) => referrer.digest)
}

function tagOf(digest: string): string {
  return digest.replace(':', '-')
}

it('keeps no list if the registry has the API', async () => {
  const { repository } = await opened()
  const subject = await pushNote(repository, 'subject')
  const referrer = await pushNote(repository, 'about it', subject)
  expect(await referrers(repository, subject.digest)).toEqual([referrer.digest])
  await repository.tag(subject, 'v1')
  expect(await Array.fromAsync(repository.tags())).toEqual(['v1'])
})

it('keeps the list if the API is missing, even if the registry claims to have it', async () => {
  for (const claims of [false, true]) {
    const { repository, open } = await opened(withoutReferrersApi({ claims }))
    const subject = await pushNote(repository, 'subject')
    const one = await pushNote(repository, 'one', subject)
    const two = await pushNote(repository, 'two', subject)
    await pushNote(repository, 'two', subject)
    expect(await referrers(open(), subject.digest)).toEqual([one.digest, two.digest])
    expect(await Array.fromAsync(repository.tags())).toEqual([tagOf(subject.digest)])
    await open().delete(one)
    expect(await referrers(repository, subject.digest)).toEqual([two.digest])
    await open().delete(two)
    expect(await Array.fromAsync(repository.tags())).toEqual([])
  }
})

it('leaves no empty list if manifests can be deleted but tags cannot', async () => {
  const { repository } = await opened(withoutReferrersApi(), withoutTagDeletion())
  const subject = await pushNote(repository, 'subject')
  await repository.delete(await pushNote(repository, 'one', subject))
  expect(await Array.fromAsync(repository.tags())).toEqual([])
})

it('treats a response of another media type as a missing API', async () => {
  const { repository, requests } = await opened(async (c, next) => {
    if (c.req.path.includes('/referrers/')) return c.json({ schemaVersion: 2, manifests: [] })
    await next()
    c.res.headers.delete('OCI-Subject')
    return undefined
  })
  const subject = await pushNote(repository, 'subject')
  const referrer = await pushNote(repository, 'one', subject)
  expect(await referrers(repository, subject.digest)).toEqual([referrer.digest])
  requests.length = 0
  await referrers(repository, subject.digest)
  // The missing API is not asked again.
  expect(requests.map(({ path }) => path)).toEqual([`/v2/a/manifests/${tagOf(subject.digest)}`])
})

it('lists no referrers in an unknown repository', async () => {
  const { repository, requests } = await opened(async (c, next) => {
    if (!c.req.path.includes('/referrers/')) return next()
    return c.json({ errors: [{ code: 'NAME_UNKNOWN', message: 'no' }] }, 404)
  })
  expect(await referrers(repository, describeBytes('x', Buffer.from('x')).digest)).toEqual([])
  expect(requests).toHaveLength(1)
})

it('loses no entry to concurrent writers, of one client or of several', async () => {
  const withoutEtags: MiddlewareHandler = async (c, next) => {
    await next()
    c.res.headers.delete('ETag')
  }
  for (const [middlewares, clients] of [
    [[withoutReferrersApi()], 3],
    [[withoutReferrersApi(), withoutEtags], 1],
  ] as const) {
    const { open } = await opened(...middlewares)
    const repositories = Array.from({ length: clients }, open)
    const subject = await pushNote(open(), 'subject')
    const first = await pushNote(open(), 'first', subject)
    const pushed = await Promise.all(
      repositories.flatMap((repository, client) =>
        Array.from({ length: 4 }, (_, at) => pushNote(repository, `${client} ${at}`, subject)),
      ),
    )
    const expected = [first, ...pushed].map(({ digest }) => digest).sort()
    expect((await referrers(open(), subject.digest)).sort()).toEqual(expected)
  }
})

it('restores its entry after another client has overwritten it', async () => {
  const lost: { bytes?: Uint8Array } = {}
  const { repository, open } = await opened(withoutReferrersApi(), async (c, next) => {
    const overwritten = c.req.method === 'PUT' && lost.bytes && c.req.path.includes('/manifests/sha256-')
    if (!overwritten) return next()
    // As if another client had written right afterwards, based on an older read.
    const bytes = lost.bytes
    delete lost.bytes
    c.req.raw = new Request(c.req.raw, {
      body: bytes as Uint8Array<ArrayBuffer>,
      method: 'PUT',
      duplex: 'half',
    } as RequestInit)
    c.req.raw.headers.delete('Content-Length')
    await next()
    c.res.headers.delete('Docker-Content-Digest')
    return undefined
  })
  const subject = await pushNote(repository, 'subject')
  const one = await pushNote(repository, 'one', subject)
  lost.bytes = encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [one] })
  const two = await pushNote(repository, 'two', subject)
  expect(lost.bytes).toBeUndefined()
  expect(await referrers(open(), subject.digest)).toEqual([one.digest, two.digest])
})

it('filters by type if the registry does not', async () => {
  const { repository } = await opened(async (c, next) => {
    if (c.req.path.includes('/referrers/')) c.req.raw = new Request(c.req.url.replace(/\?.*/, ''))
    await next()
  })
  const subject = await pushNote(repository, 'subject')
  await pushNote(repository, 'one', subject)
  const listed = (type: string) => Array.fromAsync(repository.referrers(subject.digest, type))
  expect(await listed('application/vnd.example.other')).toEqual([])
  expect(await listed('application/vnd.example.note')).toHaveLength(1)
})
