/** How often packages are unpacked for clients of the tree, and what is kept of them. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors.ts'
import { findPackageRevision } from '../../../src/database/package-revisions/package-revisions.ts'
import { createLoad, LOAD_LIMITS } from '../../../src/http/load-shedding.ts'
import { ServedTree } from '../../../src/service/glasskube/served-tree.ts'
import { VersionFiles } from '../../../src/service/glasskube/version-files.ts'
import { memoryApp, type TestApp } from '../../support/app.ts'
import { draftVersion, glasskubeRepository, manifest, publishVersion } from '../../support/glasskube.ts'
import { get, textAt, versionsOf } from '../../support/read-tree.ts'

const MIB = 1024 * 1024
const MANIFEST = 'apps/store/v1.0.0/package.yaml'
const LARGE = 'x'.repeat(6 * MIB)

async function prepared(...args: Parameters<typeof memoryApp>): Promise<TestApp> {
  const app = await memoryApp(...args)
  await glasskubeRepository(app.client)
  return app
}

async function fetches({ parts }: TestApp): Promise<number> {
  const { values } = await parts.metrics.work.registryCall.get()
  const counts = values.filter(
    ({ metricName, labels }) => metricName?.endsWith('_count') && labels.call === 'fetch',
  )
  return counts.reduce((sum, { value }) => sum + value, 0)
}

/** The number of layers that are fetched for some requests. */
async function fetchesFor(app: TestApp, work: () => Promise<unknown>): Promise<number> {
  const before = await fetches(app)
  await work()
  return (await fetches(app)) - before
}

describe('a version', () => {
  it('is unpacked once for all that ask at the same time, and then read from memory', async () => {
    const app = await prepared()
    const { client } = app
    await publishVersion(client, 'store', '1.0.0', { files: { 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 2\n' } })
    const paths = [
      MANIFEST,
      'apps/store/v1.0.0/a.yaml',
      'apps/store/v1.0.0+0/a.yaml',
      'apps/store/v1.0.0/none',
    ]
    const ask = async () => {
      const answers = Array.from({ length: 40 }, (_, at) => get(client, paths[at % 4] ?? ''))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    const statuses = Array.from({ length: 40 }, (_, at) => (at % 4 > 1 ? 404 : 200))
    expect(await fetchesFor(app, async () => expect(await ask()).toEqual(statuses))).toBe(1)
    await publishVersion(client, 'store', '1.1.0')
    expect(await fetchesFor(app, ask)).toBe(0)
  })

  it('with a large file is unpacked for that file only', async () => {
    const app = await prepared()
    const { client } = app
    await publishVersion(client, 'store', '1.0.0', { files: { 'large.txt': LARGE } })
    const large = 'apps/store/v1.0.0/large.txt'
    const first = await get(client, large)
    expect(await first.text()).toBe(LARGE)
    const known = { 'If-None-Match': first.headers.get('ETag') ?? '' }
    const cheap = async () => {
      expect(await textAt(client, MANIFEST)).toContain('name: store')
      expect((await get(client, large, known)).status).toBe(304)
      const head = await get(client, large, {}, 'HEAD')
      expect(head.headers.get('Content-Length')).toBe(String(LARGE.length))
    }
    expect(await fetchesFor(app, cheap)).toBe(0)
    expect(await fetchesFor(app, async () => expect(await textAt(client, large)).toBe(LARGE))).toBe(1)
    expect(app.parts.load.answers.used).toBe(0)
  })

  it('is read where almost nothing can be kept', async () => {
    const app = await prepared((parts) => ({ ...parts, tree: new ServedTree(parts.ctx, 1024) }))
    const { client } = app
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}.txt`, `file ${at}`]))
    await publishVersion(client, 'store', '1.0.0', { files })
    for (let at = 0; at < 20; at++)
      expect(await textAt(client, `apps/store/v1.0.0/${at}.txt`)).toBe(`file ${at}`)
    expect(await versionsOf(client)).toEqual({ latest: 'v1.0.0', versions: ['v1.0.0'] })
    await textAt(client, 'apps/index.yaml')
  })

  it('is refused for lack of memory with a request to try again', async () => {
    const load = createLoad({ ...LOAD_LIMITS, answers: MIB })
    const { client } = await prepared((parts) => ({ ...parts, load }))
    await publishVersion(client, 'store', '1.0.0', { files: { 'large.txt': LARGE } })
    const other = load.answers.share('another client')
    other.take(MIB - 100)
    const refused = await get(client, MANIFEST)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '2'])
    other.giveBack()
    expect((await get(client, MANIFEST)).status).toBe(200)
  })
})

it('a caller does not fail because one that unpacks the same is refused', async () => {
  const { client, parts } = await prepared()
  const { name } = await publishVersion(client, 'store', '1.0.0')
  const revision = await findPackageRevision(parts.ctx.db, name)
  if (!revision) throw new Error('no revision')
  const files = new VersionFiles(parts.ctx, MIB)
  const inTurn = <T>(work: () => Promise<T>) => work()
  const refuse = () => {
    throw new AppError('overloaded', 'no memory')
  }
  const refused = files.find(revision, 'package.yaml', { inTurn, take: refuse })
  const found = files.find(revision, 'package.yaml', { inTurn, take: () => undefined })
  await expect(refused).rejects.toMatchObject({ code: 'overloaded' })
  expect(await (await found)?.read()).toEqual(new Uint8Array(Buffer.from(manifest('store'))))
})

it('readers see whole versions only while others publish and delete', async () => {
  const { client } = await prepared()
  await publishVersion(client, 'store', '1.0.0')
  let publishing = true
  const publishAll = async () => {
    for (let minor = 1; minor <= 8; minor++) {
      await publishVersion(client, 'store', `1.${minor}.0`, {
        fields: { shortDescription: `minor ${minor}` },
      })
      if (minor % 3 !== 0) continue
      await client.verb(`apps.store.1-${minor - 1}-0`, 'propose-deletion')
      await client.verb(`apps.store.1-${minor - 1}-0`, 'approve')
    }
  }
  const read = async () => {
    while (publishing) {
      // Without a socket, answers from memory would let nothing else run.
      await setImmediate()
      const { latest, versions } = await versionsOf(client)
      expect(latest).toBe(versions.at(-1))
      const text = await textAt(client, `apps/store/${latest}/package.yaml`)
      const minor = latest.split('.')[1]
      expect(text).toBe(manifest('store', minor === '0' ? {} : { shortDescription: `minor ${minor}` }))
    }
  }
  await draftVersion(client, 'store', '9.0.0')
  await Promise.all([
    publishAll().finally(() => {
      publishing = false
    }),
    read(),
    read(),
    read(),
  ])
  expect((await versionsOf(client)).versions).toEqual(
    ['0', '1', '3', '4', '6', '7', '8'].map((minor) => `v1.${minor}.0`),
  )
})
