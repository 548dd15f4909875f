import { expect, it } from 'vitest'
import { exported, problems } from '../support/audit.ts'
import type { Client } from '../support/client.ts'
import { killAmid, untilGone } from '../support/kills.ts'
import { startServer } from '../support/process.ts'
import { sizeOf } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'

const KILLS = sizeOf('KILLS', 4)

/** Creates, edits and proposes drafts until the server is gone, and notes what was acknowledged. */
async function work(client: Client, worker: string, acknowledged: string[]): Promise<void> {
  let number = 0
  await untilGone(async () => {
    const workspace = `${worker}-${number++}`
    const { name } = await client.createDraft(workspace, { init: {} }, { package: worker })
    acknowledged.push(`revision.created ${name}`)
    await client.ok('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, { 'If-Match': '*' })
    acknowledged.push(`revision.edited ${name}`)
    await client.verb(name, 'propose')
    acknowledged.push(`revision.proposed ${name}`)
  })
}

it('keeps the record of each acknowledged change when the server is killed, and none of another', async () => {
  const data = await temporaryFolder()
  const acknowledged: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startServer(data)
    if (kill === 0) await server.client.createRepository()
    const before = acknowledged.length
    const workers = ['a', 'b', 'c'].map((worker) => work(server.client, `k${kill}-${worker}`, acknowledged))
    await killAmid(server, workers, () => acknowledged.length > before, [50, 500])

    const { client, stop } = await startServer(data)
    expect(await problems(client)).toEqual([])
    const records = await exported(client, '?repository=blueprints')
    const known = new Set(records.map(({ type, target }) => `${type} ${target.revision}`))
    for (const change of acknowledged) expect(known).toContain(change)

    const { items } = await client.ok('GET', '/packagerevisions?limit=1000')
    const digests = new Map(
      items.map((item: { name: string; artifact: { digest: string } }) => [item.name, item.artifact.digest]),
    )
    const last = new Map(
      records
        .filter(({ target }) => target.revision)
        .map(({ target, after }) => [target.revision, after.digest]),
    )
    expect(last).toEqual(digests)
    await stop()
  }
  expect(acknowledged.length).toBeGreaterThan(KILLS)
})
