import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { EmbeddedRegistry } from '../../src/registry/embedded-registry.ts'
import { MemoryStore } from '../../src/registry/store/memory-store.ts'
import { memoryApp } from '../support/app.ts'
import { failEachChange } from '../support/each-change.ts'
import { interceptedStore } from '../support/intercepted-store.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Mounts a small file system that a test can fill up. Returns undefined if this user cannot mount one. */
async function smallDisk(megabytes: number): Promise<string | undefined> {
  const folder = await temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    if (process.env.CI) throw error
    process.stderr.write(
      'SKIPPED: the tests with a full disk mount a small file system, which only root may do.\n',
    )
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder])
  })
  return folder
}

/** Fills a disk. Returns a function that frees the space. */
function fill(disk: string): () => void {
  const file = join(disk, 'filler')
  for (const size of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // It is full for this size.
    }
  }
  return () => rmSync(file)
}

/** The operations of a store that need space. */
const WRITES = ['put', 'upload', 'commit']

describe('a full disk', () => {
  it('fails writes with 507 and a clear log line, keeps what was acknowledged, and recovers', async (context) => {
    const disk = await smallDisk(16)
    if (!disk) return context.skip()
    const server = await startServer(disk, ['--min-free', '0'])
    const { client } = server
    await client.createRepository()
    const published = await client.publish('ws1')
    const draft = await client.createDraft('ws2')
    const before = await client.ok('GET', '/packagerevisions')
    const free = fill(disk)

    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251)).toString('base64')
    for (const [method, path, body] of [
      ['PUT', `/packagerevisions/${draft.name}/resources`, { resources: { 'a.bin': { base64: noise } } }],
      ['POST', `/packagerevisions/${draft.name}/propose`, undefined],
      [
        'POST',
        '/packagerevisions',
        { repository: 'blueprints', package: 'x', workspace: 'y', source: { resources: { a: noise } } },
      ],
      ['POST', '/repositories', { name: 'other', type: 'catalog' }],
    ] as const) {
      const answer = await client.call(method, path, body, { 'If-Match': '*' })
      expect(answer, `${method} ${path}`).toMatchObject({
        status: 507,
        body: { code: 'insufficient_storage' },
      })
    }
    const blob = Buffer.from(noise)
    const pushed = await client.send(`/v2/a/b/blobs/uploads/?digest=${digestOf(blob)}`, {
      method: 'POST',
      body: blob,
    })
    expect(pushed.status).toBe(507)

    expect(await client.ok('GET', '/packagerevisions')).toEqual(before)
    expect(await client.resources(published.name)).toHaveProperty('Kptfile')
    expect(await client.resolve('latest')).toBe(published.artifact.digest)
    expect(await readdir(join(disk, 'registry', 'tmp'))).toEqual([])
    const errors = server
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level >= 50)
    expect(errors).toHaveLength(5)
    for (const { msg, err } of errors) {
      expect(msg).toBe('request failed')
      expect(JSON.stringify(err)).toMatch(/ENOSPC|database or disk is full/)
    }

    free()
    await client.verb(draft.name, 'propose')
    expect(await client.verb(draft.name, 'approve')).toMatchObject({ revision: 2 })
    await server.stop('SIGKILL')
    const again = await startServer(disk, ['--min-free', '0'])
    expect((await again.client.ok('GET', '/packagerevisions?lifecycle=Published')).items).toHaveLength(2)
    await again.stop()
  })
})

describe('a disk that fills up', () => {
  it('makes a change fail as a whole or succeed as a whole, at any write', async () => {
    let left = Number.POSITIVE_INFINITY
    let struck = 0
    const store = interceptedStore(new MemoryStore(), async (when, operation) => {
      if (when !== 'before' || !WRITES.includes(operation) || left-- > 0) return
      struck++
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    })
    const app = await memoryApp((parts) => {
      parts.ctx.registry = new EmbeddedRegistry(store)
      return parts
    })
    await app.client.createRepository()
    const saboteur = {
      begin: (after: number) => {
        left = after
        struck = 0
      },
      end: () => {
        left = Number.POSITIVE_INFINITY
        return struck
      },
    }
    const refusal = { status: 507, code: 'insufficient_storage' }
    expect(await failEachChange(app, saboteur, refusal)).toBeGreaterThan(20)
  })
})
