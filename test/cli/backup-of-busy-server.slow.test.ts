import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { runCommand, startServer } from '../support/process.ts'
import { seedServer } from '../support/seed-server.ts'
import { temporaryFolder } from '../support/temporary.ts'

const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${value}}\n` },
})

/** Saves, publishes and deletes while `goes`. Resolves to what was acknowledged, and when. */
async function writeOn(client: Client, worker: number, goes: () => boolean): Promise<Map<string, number>> {
  const published = new Map<string, number>()
  for (let step = 0; goes(); step++) {
    const more = { package: `p${worker}` }
    const workspace = `w${step}`
    const { name } = await client.createDraft(workspace, files(`${worker}-${step}`), more)
    await client.ok('PUT', `/packagerevisions/${name}/resources`, files(`${worker}-${step}-x`), {
      'If-Match': '*',
    })
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
    if (step % 3 === 2) {
      await client.verb(name, 'propose-deletion')
      await client.verb(name, 'approve')
    } else published.set(name, Date.now())
  }
  return published
}

describe('a backup', () => {
  it('contains everything acknowledged before, even from a busy server', async () => {
    const data = await temporaryFolder()
    const { client } = await startServer(data, ['--gc-grace', '0s', '--gc-interval', '1s'])
    await seedServer(client)
    let goes = true
    const working = [0, 1, 2].map((worker) => writeOn(client, worker, () => goes))
    const file = join(await temporaryFolder(), 'backup.tar')
    const restored: { began: number; data: string }[] = []
    for (let round = 0; round < 3; round++) {
      const began = Date.now()
      const made = await runCommand(['backup', file, '--data', data])
      expect(made.log).toBe('')
      expect(made.output).toMatch(/^wrote .*backup.tar: \d+ bytes/)
      const other = join(await temporaryFolder(), 'made/by/it')
      const put = await runCommand(['restore', file, '--data', other])
      expect(put.log).toBe('')
      expect(put.output).toContain('all digests verified')
      restored.push({ began, data: other })
    }
    goes = false
    const acknowledged = (await Promise.all(working)).flatMap((published) => [...published])
    expect(await readdir(join(data, 'registry/tmp'))).toEqual([])
    for (const { began, data: other } of restored) {
      const app = await folderApp(other)
      const { differences, revisions } = await app.client.ok('POST', '/verifications', {})
      expect(differences).toEqual([])
      expect(revisions).toBeGreaterThan(20)
      for (const [name] of acknowledged.filter(([, at]) => at < began)) await app.client.get(name)
      expect(await app.client.publish('after')).toMatchObject({ revision: 4 })
      await app.close()
    }
  })
})
