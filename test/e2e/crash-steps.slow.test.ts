/** Kills the server after each step of each write: after the next start, all of the write is there, or none of it. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { rebuildIndex } from '../../src/server/rebuild-index.ts'
import { allAnswers } from '../support/answers.ts'
import { folderApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { type CrashImage, crashImages } from '../support/crash-images.ts'
import { temporaryFolder } from '../support/temporary.ts'

const ANY = { 'If-Match': '*' }
const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: ${value}\n` },
})
const PROD = { repository: 'prod', package: 'upf' }
const name = (workspace: string) => `blueprints.nf.upf.${workspace}`

type Write = {
  what: string
  prepare?: (client: Client) => Promise<unknown>
  work: (client: Client) => Promise<unknown>
}

/** Done in this order on one server. */
const WRITES: Write[] = [
  { what: 'create a repository', work: (client) => client.createRepository() },
  {
    what: 'change a repository',
    work: (client) => client.ok('PATCH', '/repositories/blueprints', { description: 'x' }, ANY),
  },
  { what: 'create a draft', work: (client) => client.createDraft('ws1', files('1'), { version: '1.0.0+1' }) },
  {
    what: 'save a draft',
    work: (client) => client.ok('PUT', `/packagerevisions/${name('ws1')}/resources`, files('2'), ANY),
  },
  {
    what: 'label a draft',
    work: (client) => client.ok('PATCH', `/packagerevisions/${name('ws1')}`, { labels: { a: 'b' } }, ANY),
  },
  { what: 'propose', work: (client) => client.verb(name('ws1'), 'propose') },
  { what: 'reject', work: (client) => client.verb(name('ws1'), 'reject', { reason: 'no' }) },
  {
    what: 'approve',
    prepare: (client) => client.verb(name('ws1'), 'propose'),
    work: (client) => client.verb(name('ws1'), 'approve'),
  },
  {
    what: 'approve the next one',
    prepare: async (client) => {
      await client.createDraft('ws2', files('3'), { version: '1.0.0+2' })
      await client.verb(name('ws2'), 'propose')
    },
    work: (client) => client.verb(name('ws2'), 'approve'),
  },
  {
    what: 'clone',
    prepare: (client) => client.createRepository('prod', 'deployment'),
    work: (client) => client.createDraft('w1', { clone: { upstream: name('ws1') } }, PROD),
  },
  {
    what: 'upgrade',
    prepare: async (client) => {
      await client.ok('PUT', '/packagerevisions/prod.upf.w1/resources', files('mine'), ANY)
      await client.verb('prod.upf.w1', 'propose')
      await client.verb('prod.upf.w1', 'approve')
    },
    work: (client) => client.createDraft('w2', { upgrade: {} }, PROD),
  },
  {
    what: 'resolve a conflict',
    work: (client) =>
      client.ok('POST', '/packagerevisions/prod.upf.w2/conflicts/1/resolve', { choose: 'upstream' }, ANY),
  },
  {
    what: 'delete a draft',
    work: (client) => client.ok('DELETE', '/packagerevisions/prod.upf.w2', undefined, ANY),
  },
  {
    what: 'propose a deletion',
    work: (client) => client.verb(name('ws2'), 'propose-deletion', { reason: 'old' }),
  },
  { what: 'reject a deletion', work: (client) => client.verb(name('ws2'), 'reject') },
  {
    what: 'approve a deletion',
    prepare: (client) => client.verb(name('ws2'), 'propose-deletion'),
    work: (client) => client.verb(name('ws2'), 'approve'),
  },
  {
    what: 'delete a repository',
    prepare: (client) => client.createRepository('gone'),
    work: (client) => client.ok('DELETE', '/repositories/gone', undefined, ANY),
  },
]

describe('a kill after each step', () => {
  it('leaves all of a write or none of it, and loses nothing acknowledged', async () => {
    const app = await folderApp()
    const counts: string[] = []
    for (const { what, prepare, work } of WRITES) {
      await prepare?.(app.client)
      const before = await allAnswers(app.client)
      const images = await crashImages(app.data, () => work(app.client))
      const after = await allAnswers(app.client)
      expect(after).not.toEqual(before)
      for (const { step, data } of images) {
        const again = await folderApp(data)
        const { differences } = await again.client.ok('POST', '/verifications', {})
        expect(differences, `${what}: ${step}`).toEqual([])
        const state = await allAnswers(again.client)
        const done = isDeepStrictEqual(state, after)
        if (!done) expect(state, `${what}: ${step}`).toEqual(before)
        if (step.endsWith('answer')) expect(done, what).toBe(true)
        // A client without an answer retries.
        if (!done) await work(again.client)
        await again.close()
      }
      counts.push(`${what} ${images.length}`)
    }
    process.stderr.write(`kills after each step: ${counts.join(', ')}\n`)
  })

  it('leaves a registry from which a lost index can be rebuilt', async () => {
    const app = await folderApp()
    for (const { what, prepare, work } of WRITES) {
      await prepare?.(app.client)
      if (!IN_SEVERAL_STEPS.includes(what)) {
        await work(app.client)
        continue
      }
      const before = await allAnswers(app.client)
      const images = await crashImages(app.data, () => work(app.client))
      await withoutIndex(images, { before, after: await allAnswers(app.client) })
    }
  })
})

/** Writes that change more than one tag. */
const IN_SEVERAL_STEPS = [
  'approve the next one',
  'resolve a conflict',
  'reject a deletion',
  'approve a deletion',
]

type Answers = Awaited<ReturnType<typeof allAnswers>>

/** Rebuilds the index after the kill, and checks that the state is consistent. */
async function withoutIndex(images: CrashImage[], { before, after }: Record<'before' | 'after', Answers>) {
  for (const { step, data } of images) {
    const bare = await temporaryFolder()
    await rename(join(data, 'registry'), join(bare, 'registry'))
    await rebuildIndex(readConfig({ data: bare }, {}), { force: false, names: [] }, pino({ level: 'silent' }))
    const app = await folderApp(bare)
    expect((await app.client.ok('POST', '/verifications', {})).differences, step).toEqual([])
    if (step.endsWith('answer')) expect(await allAnswers(app.client)).toEqual(after)
    if (step.endsWith('begin')) expect(await allAnswers(app.client)).toEqual(before)
    await app.close()
  }
}
