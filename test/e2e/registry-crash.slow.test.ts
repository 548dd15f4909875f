/** Kills the server while clients push to the registry. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { killAmid, untilGone } from '../support/kills.ts'
import { startServer } from '../support/process.ts'
import { type Artifact, artifactOf, RegistryClient, UPLOAD_FLOWS } from '../support/registry-client.ts'
import { sizeOf } from '../support/sizes.ts'
import { lostMoves, type Move, pathBetween } from '../support/tag-moves.ts'
import { temporaryFolder } from '../support/temporary.ts'

const KILLS = sizeOf('KILLS', 5)
const WORKERS = [0, 1, 2, 3]
const REPOSITORY = 'tools/notes'
/** The tag that all workers move, each from the digest that it has just read. */
const SHARED = 'shared'

/** A tag of one worker: its acknowledged state, and the state that a write without an answer may have made. */
type OwnTag = { now: Artifact | undefined; maybe?: { next: Artifact | undefined } }

type Notes = {
  own: Map<string, OwnTag>
  /** By digest, including those never acknowledged. */
  artifacts: Map<string, Artifact>
  /** The digest of the shared tag at the start of the round, and the moves acknowledged and attempted since. */
  shared: { base: string; said: Move[]; tried: Move[] }
  /** Acknowledged in this round. */
  manifests: Artifact[]
  blobs: string[]
  /** Acknowledged in all rounds: manifests, tags, moves, deletions and blobs. */
  writes: number
}

/** Pushes, moves and deletes until the server is gone. */
async function work(pusher: RegistryClient, worker: string, notes: Notes): Promise<void> {
  let step = 0
  await untilGone(async () => {
    const way = UPLOAD_FLOWS[step % UPLOAD_FLOWS.length]
    const blob = `${worker}-${step}`
    await pusher.pushBlobs(blob, way)
    const from = (await pusher.resolve(SHARED)) ?? ''
    const artifact = artifactOf(blob, { worker, step: String(step), from })
    notes.artifacts.set(artifact.digest, artifact)
    notes.blobs.push(...artifact.blobs)
    notes.writes += 2
    if (step % 2 === 0)
      await changeOwn(pusher, `${worker.replace(/^r\d+-/, '')}-${step % 3}`, artifact, notes)
    else await moveShared(pusher, artifact, from, notes)
    step++
  })
}

/** Creates, moves or deletes the tag at random. */
async function changeOwn(
  pusher: RegistryClient,
  tag: string,
  artifact: Artifact,
  notes: Notes,
): Promise<void> {
  const own = notes.own.get(tag) ?? { now: undefined }
  notes.own.set(tag, own)
  const next = own.now && Math.random() < 0.4 ? undefined : artifact
  own.maybe = { next }
  if (next) expect(await pusher.putManifest(tag, next, own.now?.digest ?? null)).toBe(201)
  else expect(await pusher.delete(`manifests/${tag}`, own.now?.digest)).toBe(202)
  own.now = next
  delete own.maybe
  if (next) notes.manifests.push(next)
  notes.writes++
}

async function moveShared(
  pusher: RegistryClient,
  artifact: Artifact,
  from: string,
  notes: Notes,
): Promise<void> {
  const move = { from, to: artifact.digest }
  notes.shared.tried.push(move)
  const status = await pusher.putManifest(SHARED, artifact, from)
  expect([201, 412]).toContain(status)
  if (status === 412) return
  notes.shared.said.push(move)
  notes.manifests.push(artifact)
  notes.writes++
}

/** Returns lost content that was acknowledged, and tags that no client has set. Corrects the notes to the actual state. */
async function faultsOf(pusher: RegistryClient, notes: Notes): Promise<{ lost: string[]; wrong: string[] }> {
  const lost: string[] = []
  const wrong: string[] = []
  for (const [tag, { now, maybe }] of notes.own) {
    const found = await pusher.resolve(tag)
    const isMaybe = maybe !== undefined && found === maybe.next?.digest
    if (found !== now?.digest && !isMaybe) {
      const list = now ? lost : wrong
      list.push(`${tag}: ${found} is not ${now?.digest}${maybe ? ` or ${maybe.next?.digest}` : ''}`)
    }
    notes.own.set(tag, { now: found === undefined ? undefined : notes.artifacts.get(found) })
  }
  const shared = (await pusher.resolve(SHARED)) ?? ''
  const way = pathBetween(notes.shared.tried, notes.shared.base, shared)
  if (!way) wrong.push(`${SHARED}: ${shared} does not come from ${notes.shared.base}`)
  else lost.push(...lostMoves(notes.shared.said, way).map(({ to }) => `${SHARED}: ${to}`))
  notes.shared = { base: shared, said: [], tried: [] }

  for (const artifact of [...notes.manifests, ...tagged(notes)])
    lost.push(...(await pusher.missingContent(artifact)))
  for (const blob of new Set(notes.blobs)) if (!(await pusher.hasBlob(blob))) lost.push(`blobs/${blob}`)
  notes.manifests = []
  notes.blobs = []
  return { lost, wrong }
}

function tagged({ own, artifacts, shared }: Notes): Artifact[] {
  const found = [...own.values()].map(({ now }) => now)
  return [...found, artifacts.get(shared.base)].filter((artifact) => artifact !== undefined)
}

describe('kill -9 during pushes', () => {
  it(
    `loses nothing acknowledged, in ${KILLS} kills`,
    async () => {
      const data = await temporaryFolder()
      const first = artifactOf('first', {})
      const notes: Notes = {
        own: new Map(),
        artifacts: new Map([[first.digest, first]]),
        shared: { base: first.digest, said: [], tried: [] },
        manifests: [first],
        blobs: [],
        writes: 0,
      }
      const faults = { lost: [] as string[], wrong: [] as string[] }
      const check = async (pusher: RegistryClient) => {
        const { lost, wrong } = await faultsOf(pusher, notes)
        faults.lost.push(...lost)
        faults.wrong.push(...wrong)
      }
      for (let round = 0; round < KILLS; round++) {
        // Garbage collections run as well, on content from much earlier rounds.
        const server = await startServer(data, ['--log-level', 'error', '--gc-grace', '10s'])
        const pusher = new RegistryClient(server.client, REPOSITORY)
        if (round === 0) {
          await pusher.pushBlobs('first')
          expect(await pusher.putManifest(SHARED, first)).toBe(201)
        } else {
          await check(pusher)
        }
        const workers = WORKERS.map((worker) => work(pusher, `r${round}-w${worker}`, notes))
        const collecting = untilGone(() =>
          server.client.ok('POST', '/garbage-collections', { dryRun: false }),
        )
        await killAmid(server, [...workers, collecting], () => notes.manifests.length > 0, [20, 400])
      }

      const server = await startServer(data, ['--gc-grace', '0s'])
      const pusher = new RegistryClient(server.client, REPOSITORY)
      await check(pusher)
      const collect = () => server.client.ok('POST', '/garbage-collections', { dryRun: false })
      const collected = await collect()
      expect(collected).toMatchObject({ skipped: [], interrupted: false })
      expect(collected.manifests).toBeGreaterThan(0)
      expect(await collect()).toMatchObject({ manifests: 0, links: 0, blobs: 0, uploads: 0 })
      await check(pusher)
      expect(faults, `after ${KILLS} kills amid ${notes.writes} writes`).toEqual({ lost: [], wrong: [] })
      expect(notes.writes).toBeGreaterThan(KILLS)
      expect(await readdir(join(data, 'registry', 'tmp'))).toEqual([])
      expect(server.log()).not.toContain('"level":50')
      await server.stop()
      process.stderr.write(`kill -9 during pushes: ${KILLS} kills, ${notes.writes} acknowledged writes\n`)
    },
    300_000 + KILLS * 5000,
  )
})
