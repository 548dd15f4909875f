/** Two servers, each with its own data folder, that keep their artifacts in one bucket. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../support/process.ts'
import { type Artifact, artifactOf, RegistryClient, UPLOAD_FLOWS } from '../support/registry-client.ts'
import { lostMoves, type Move, pathBetween } from '../support/tag-moves.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

export type SharedBucket = {
  endpoint: URL
  bucket: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

type Options = {
  /** Moves of the tag by all clients together. */
  moves: number
  /** Whether the S3 server compares and writes in one step. Otherwise lost moves are only counted. */
  atomic: boolean
}

const REPOSITORY = 'tools/notes'
const CLIENTS = 8
const TAG = 'stable'

/** Starts two servers, with a client that pushes to each. */
export async function startTwo({ endpoint, bucket, credentials }: SharedBucket, args: string[] = []) {
  const place = `s3://${bucket}/${randomUUID()}`
  const env = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    PKGSERVER_BLOBS: place,
    PKGSERVER_S3_ENDPOINT: endpoint.origin,
    PKGSERVER_S3_REGION: 'us-east-1',
  }
  const start = async () => startServer(await temporaryFolder(), args, env)
  const servers: [ServerProcess, ServerProcess] = [await start(), await start()]
  const [one, other] = servers.map(({ client }) => new RegistryClient(client, REPOSITORY)) as [
    RegistryClient,
    RegistryClient,
  ]
  const stop = () => Promise.all(servers.map((server) => server.stop()))
  return { servers, one, other, stop }
}

async function push(pusher: RegistryClient, tag: string, note: string): Promise<Artifact> {
  const artifact = artifactOf(note, { note })
  await pusher.pushBlobs(note)
  expect(await pusher.putManifest(tag, artifact)).toBe(201)
  return artifact
}

export function sharedBucketSuite(start: () => Promise<SharedBucket>, { moves, atomic }: Options): void {
  // Whether a server that is not atomic shows it at a start depends on a race.
  it.runIf(atomic)('does not warn of lost moves', async () => {
    const { servers, stop } = await startTwo(await start())
    await Promise.all(servers.map(({ client }) => client.tags(REPOSITORY)))
    for (const { log } of servers) expect(log()).not.toContain('is lost')
    await stop()
  })

  it(`makes each of ${moves} moves of a tag by ${CLIENTS} clients the successor of the one before`, async () => {
    const { one, other, stop } = await startTwo(await start())
    const first = artifactOf('all', { counter: '0' })
    await one.pushBlobs('all')
    expect(await one.putManifest(TAG, first, null)).toBe(201)
    const said: Move[] = []
    let conflicts = 0

    const move = async (pusher: RegistryClient, worker: number): Promise<void> => {
      for (let attempt = 0; said.length < moves; attempt++) {
        const now = await pusher.read(TAG)
        expect(now).toBeDefined()
        const { digest: from = '', annotations } = now ?? {}
        const counter = String(Number(annotations?.counter) + 1)
        const next = artifactOf('all', { counter, by: `${worker}-${attempt}`, from })
        const status = await pusher.putManifest(TAG, next, from)
        expect([201, 412]).toContain(status)
        if (status === 201) said.push({ from, to: next.digest })
        else conflicts++
      }
    }

    let reads = 0
    let olderReads = 0
    /** Asks the two servers in turn. */
    const watch = async (): Promise<void> => {
      for (let newest = 0; said.length < moves; reads++) {
        const found = await (reads % 2 ? one : other).read(TAG)
        const counter = Number(found?.annotations.counter)
        if (counter < newest) olderReads++
        newest = Math.max(newest, counter)
      }
    }

    const clients = Array.from({ length: CLIENTS }, (_, n) => move(n % 2 ? one : other, n))
    await Promise.all([...clients, watch()])

    const last = (await one.resolve(TAG)) ?? ''
    expect(await other.resolve(TAG)).toBe(last)
    const way = pathBetween(said, first.digest, last)
    const forks = said.length - new Set(said.map(({ from }) => from)).size
    const lost = lostMoves(said, way ?? []).length
    process.stderr.write(
      `one tag, two servers: ${said.length} moves, ${conflicts} refused, ${lost} lost, ${forks} forks, ${reads} reads, ${olderReads} older than one before\n`,
    )
    if (!atomic) return void (await stop())
    expect({ lost, forks, olderReads }).toEqual({ lost: 0, forks: 0, olderReads: 0 })
    expect(way).toHaveLength(said.length)
    expect((await one.read(last))?.annotations.counter).toBe(String(said.length))
    expect(conflicts).toBeGreaterThan(0)
    await stop()
  })

  it('shows in one server at once what was pushed to the other or deleted there', async () => {
    const { one, other, stop } = await startTwo(await start())
    for (const way of UPLOAD_FLOWS) {
      const blob = await one.pushBlob(`alone, ${way}`, way)
      expect(await other.hasBlob(blob)).toBe(true)
      expect(await other.delete(`blobs/${blob}`)).toBe(202)
      expect(await one.hasBlob(blob)).toBe(false)
    }
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      for (let i = 0; i < 5; i++) {
        const artifact = await push(from, 'mine', `artifact ${i}`)
        expect(await to.resolve('mine')).toBe(artifact.digest)
        expect(await to.missingContent(artifact)).toEqual([])
        expect(await from.delete('manifests/mine')).toBe(202)
        expect(await to.resolve('mine')).toBeUndefined()
        expect(await to.read(artifact.digest)).toBeDefined()
        expect(await from.delete(`manifests/${artifact.digest}`)).toBe(202)
        expect(await to.read(artifact.digest)).toBeUndefined()
      }
    }
    await stop()
  })

  it('keeps what is pushed to one server during garbage collections in the other', async () => {
    const { servers, one, other, stop } = await startTwo(await start(), ['--gc-grace', '2s'])
    const blobs = Array.from({ length: 8 }, (_, n) => `used again and again ${n}`)
    for (const blob of blobs) {
      const old = await push(one, 'old', blob)
      expect(await one.delete(`manifests/${old.digest}`)).toBe(202)
    }
    await until(async () => {
      const { links } = await servers[1].client.ok('POST', '/garbage-collections', { dryRun: true })
      return links >= blobs.length
    })
    const kept: Artifact[] = []
    let collected = 0
    let isPushing = true
    const collect = async (): Promise<void> => {
      while (isPushing) {
        const report = await servers[1].client.ok('POST', '/garbage-collections', { dryRun: false })
        collected += report.links + report.manifests
        expect(report.skipped).toEqual([])
      }
    }
    const pushOld = async (worker: number): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const blob = blobs[(worker + i) % blobs.length] as string
        const artifact = artifactOf(blob, { worker: String(worker), i: String(i) })
        // Clients do not push again what is there.
        for (const digest of artifact.blobs) if (!(await one.hasBlob(digest))) await one.pushBlobs(blob)
        while ((await one.putManifest(`kept-${worker}-${i}`, artifact)) !== 201) await one.pushBlobs(blob)
        kept.push(artifact)
      }
    }
    const pushing = Promise.all([0, 1, 2, 3].map(pushOld)).finally(() => {
      isPushing = false
    })
    await Promise.all([pushing, collect()])
    await servers[1].client.ok('POST', '/garbage-collections', { dryRun: false })
    expect(collected).toBeGreaterThan(0)
    for (const artifact of kept) {
      expect(await one.missingContent(artifact)).toEqual([])
      expect(await other.missingContent(artifact)).toEqual([])
    }
    await stop()
  })
}
