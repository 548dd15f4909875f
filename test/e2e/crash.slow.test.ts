import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import type { Client } from '../support/client.ts'
import { killAmid, untilGone } from '../support/kills.ts'
import { startServer } from '../support/process.ts'
import { sizeOf } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'

const KILLS = sizeOf('KILLS', 4)
/** Kills on one data folder. Its state is checked after each. */
const ROUNDS = 8

const YAML = (text: string) => `apiVersion: v1\nkind: X\nmetadata: {name: ${text}}\n`

/** In the order in which the workers go through them. */
const STEPS = ['Draft', 'Proposed', 'Published', 'DeletionProposed', 'deleted']

/** Acknowledged changes, which every restart must keep. */
type Acknowledged = Map<string, { lifecycle: string; digest: string; revision: number }>

/** Publishes and deletes until the server is gone, and records the acknowledged changes. */
async function work(
  client: Client,
  round: number,
  worker: number,
  acknowledged: Acknowledged,
): Promise<void> {
  let i = 0
  await untilGone(async () => {
    const workspace = `r${round}-w${worker}-${i}`
    const name = `blueprints.p${worker % 2}.${workspace}`
    const note = (answer: { lifecycle: string; revision: number; artifact: { digest: string } }) =>
      acknowledged.set(name, {
        lifecycle: answer.lifecycle,
        revision: answer.revision,
        digest: answer.artifact.digest,
      })
    const source = { resources: { 'a.yaml': YAML(workspace) } }
    note(await client.createDraft(workspace, source, { package: `p${worker % 2}` }))
    note(await client.verb(name, 'propose'))
    note(await client.verb(name, 'approve'))
    if (i % 3 === 0) {
      note(await client.verb(name, 'propose-deletion'))
      // From here on, only an answer tells whether it is deleted.
      acknowledged.delete(name)
      note({ ...(await client.verb(name, 'approve')), lifecycle: 'deleted' })
    }
    i++
  })
}

async function checkEverything(client: Client, acknowledged: Acknowledged): Promise<void> {
  const { items } = await client.ok('GET', '/packagerevisions?limit=1000')
  const byName = new Map(items.map((item: { name: string }) => [item.name, item]))
  for (const [name, { lifecycle, digest, revision }] of acknowledged) {
    const found = byName.get(name) as
      | { lifecycle: string; revision: number; artifact: { digest: string } }
      | undefined
    if (lifecycle !== 'deleted') expect(found, name).toBeDefined()
    // A later step may have been done without an acknowledgement, but none may be undone.
    expect(STEPS.indexOf(found?.lifecycle ?? 'deleted'), name).toBeGreaterThanOrEqual(
      STEPS.indexOf(lifecycle),
    )
    if (found?.lifecycle === lifecycle) expect(found.artifact.digest, name).toBe(digest)
    if (found && revision > 0) expect(found.revision, name).toBe(revision)
  }
  const { differences } = await client.ok('POST', '/verifications', {})
  expect(differences).toEqual([])
  for (const repository of ['p0', 'p1']) {
    const revisions = items.filter((item: { package: string }) => item.package === repository)
    const expected = revisions.flatMap(
      (item: { lifecycle: string; revision: number; artifact: { tags: string[] } }) => [
        ...item.artifact.tags,
        ...(item.lifecycle === 'DeletionProposed' ? [`deletion-proposed-v${item.revision}`] : []),
      ],
    )
    const tags = await client.tags(`blueprints/${repository}`)
    expect(tags.filter((tag) => tag !== '_package')).toEqual(expected.sort())
    const numbers = revisions
      .map((item: { revision: number }) => item.revision)
      .filter((revision: number) => revision > 0)
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const { artifact, name } of revisions) {
      for (const tag of artifact.tags)
        expect(await client.resolve(tag, `blueprints/${repository}`), `${name} ${tag}`).toBe(artifact.digest)
      const layer = await client.archive(name)
      expect(digestOf(layer), name).toBe(artifact.layerDigest)
    }
  }
}

describe('kill -9', () => {
  it(
    `loses nothing acknowledged and leaves nothing half done, in ${KILLS} kills`,
    async () => {
      let writes = 0
      for (let left = KILLS; left > 0; left -= ROUNDS) writes += await killAgain(Math.min(left, ROUNDS))
      process.stderr.write(`kill -9 during publications: ${KILLS} kills, ${writes} revisions acknowledged\n`)
    },
    120_000 + KILLS * 10_000,
  )
})

/** Kills servers on a new data folder. Returns the number of acknowledged revisions. */
async function killAgain(rounds: number): Promise<number> {
  const data = await temporaryFolder()
  const acknowledged: Acknowledged = new Map()
  for (let round = 0; round < rounds; round++) {
    const server = await startServer(data, ['--log-level', 'error'])
    if (round === 0) await server.client.createRepository()
    else await checkEverything(server.client, acknowledged)
    const workers = [0, 1, 2, 3].map((worker) => work(server.client, round, worker, acknowledged))
    const begun = () => [...acknowledged.keys()].some((name) => name.includes(`.r${round}-`))
    await killAmid(server, workers, begun, [0, 500])
  }
  expect(acknowledged.size).toBeGreaterThan(rounds)
  const server = await startServer(data)
  await checkEverything(server.client, acknowledged)
  expect(await readdir(join(data, 'registry', 'tmp'))).toEqual([])
  await server.stop()
  return acknowledged.size
}
