import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../../src/core/errors.ts'
import type { Caller } from '../../../src/service/access/policy.ts'
import { StreamRights } from '../../../src/service/access/stream-rights.ts'
import type { ServiceContext } from '../../../src/service/context.ts'
import { createPackageRevision } from '../../../src/service/drafts/create-package-revision.ts'
import { jobEvents } from '../../../src/service/jobs/events.ts'
import { cancelJob, getJob, listJobItems, listJobs, startJob } from '../../../src/service/jobs/jobs.ts'
import type { ItemWork } from '../../../src/service/jobs/perform-item.ts'
import { JobRunner } from '../../../src/service/jobs/runner.ts'
import { listPackageRevisions } from '../../../src/service/queries/list-package-revisions.ts'
import { callerOf, memoryApp } from '../../support/app.ts'

const ACTOR = { name: 'ann' }
const PAGE = { limit: 1000 }

/** Creates an empty package. */
const initItem: ItemWork = async (ctx, _job, { repository, package: path, workspace }, record) => {
  await createPackageRevision(
    ctx,
    ACTOR,
    { repository, package: path, workspace, version: null, source: { task: 'init' } },
    (transaction, { name }) => record(transaction, { state: 'Succeeded', revision: name, conflicts: 0 }),
  )
}

async function prepared() {
  const { client, parts } = await memoryApp()
  await client.createRepository()
  const { ctx } = parts
  const { access } = parts.authenticator
  const reported: unknown[] = []
  const runner = (work: ItemWork, retryAfter: number[] = []): JobRunner => {
    const report = (error: unknown) => void reported.push(error)
    const made = new JobRunner(ctx, { access, work: { clone: work, upgrade: work }, report, retryAfter })
    onTestFinished(() => made.stop())
    return made
  }
  const caller = await callerOf({ parts }, ACTOR)
  const stream = () => new StreamRights(parts.authenticator.access).begin(caller)
  return { ctx, access, caller, stream, runner, reported }
}

function job(count: number) {
  const upstream = { name: 'a.b.c', repository: 'a', package: 'b', revision: 1 }
  const items = Array.from({ length: count }, (_, at) => ({
    repository: 'blueprints',
    package: `p${at}`,
    workspace: 'ws1',
    input: {},
  }))
  return { kind: 'clone' as const, dryRun: false, upstream, request: {}, items }
}

async function untilEnded(ctx: ServiceContext, caller: Caller, id: string) {
  for (;;) {
    const found = await getJob(ctx, caller, id)
    if (found.state !== 'Running') return found
    await setTimeout(5)
  }
}

describe('the runner', () => {
  it('has a few items in flight at once, and never two of one package', async () => {
    const { ctx, caller, runner } = await prepared()
    let most = 0
    const busy: string[] = []
    const work: ItemWork = async (_ctx, _job, item, record) => {
      expect(busy).not.toContain(item.package)
      busy.push(item.package)
      most = Math.max(most, busy.length)
      await setTimeout(5)
      busy.splice(busy.indexOf(item.package), 1)
      await ctx.commits.run((transaction) => record(transaction, { state: 'Skipped', reason: 'why' }))
    }
    const jobs = runner(work)
    const first = await startJob(ctx, jobs, ACTOR, job(10))
    const second = await startJob(ctx, jobs, ACTOR, job(10))
    expect(jobs.running).toBe(2)
    for (const { id } of [first, second]) {
      expect((await untilEnded(ctx, caller, id)).counts).toMatchObject({ total: 10, skipped: 10 })
    }
    expect(most).toBe(3)
    await expect.poll(() => jobs.running).toBe(0)
  })

  it('gives up an item that was running when two processes ended, and no other', async () => {
    const { ctx, access, caller, runner } = await prepared()
    const begun: number[] = []
    let end = () => undefined as unknown
    const ended = new Promise((resolve) => {
      end = () => resolve(undefined)
    })
    const dying: ItemWork = async (_ctx, _job, item) => {
      begun.push(item.index)
      await ended
      throw new AppError('invalid', 'too late')
    }
    const { id } = await startJob(ctx, runner(dying), ACTOR, job(5))
    await expect.poll(() => begun.length).toBe(3)
    await runner(dying).resume()
    onTestFinished(() => void end())
    await expect.poll(() => begun.length).toBe(6)
    const reported: unknown[] = []
    const next = new JobRunner(ctx, {
      access,
      work: { clone: initItem, upgrade: initItem },
      report: (error) => reported.push(error),
    })
    onTestFinished(() => next.stop())
    await next.resume()
    expect((await untilEnded(ctx, caller, id)).counts).toMatchObject({ succeeded: 2, failed: 3 })
    const { items } = await listJobItems(ctx, caller, id, { state: 'Failed' }, PAGE)
    expect(items.map(({ index }) => index)).toEqual([0, 1, 2])
    for (const { errorCode, reason } of items) {
      expect(errorCode).toBe('internal')
      expect(reason).toContain('The server ended twice while it processed this item')
    }
    expect(reported).toHaveLength(3)
  })

  it('gives up no item that waited for a retry when processes ended', async () => {
    const { ctx, caller, runner } = await prepared()
    let tries = 0
    const failing: ItemWork = async () => {
      tries++
      throw new AppError('unavailable', 'down')
    }
    const first = runner(failing, [60_000])
    const { id } = await startJob(ctx, first, ACTOR, job(1))
    for (let next = first, count = 1; count <= 4; count++) {
      await expect.poll(() => tries).toBe(count)
      await next.stop()
      next = runner(failing, [60_000])
      await next.resume()
    }
    await runner(initItem).resume()
    expect((await untilEnded(ctx, caller, id)).counts).toMatchObject({ succeeded: 1, failed: 0 })
  })

  it('retries what may succeed later, and fails it in the end', async () => {
    const { ctx, caller, runner, reported } = await prepared()
    const tries = new Map<number, number>()
    const work: ItemWork = async (context, of, item, record) => {
      const count = (tries.get(item.index) ?? 0) + 1
      tries.set(item.index, count)
      if (item.index === 0 && count < 3) throw new AppError('unavailable', 'down')
      if (item.index === 1) throw new AppError('unavailable', 'down for good')
      if (item.index === 2) throw new AppError('invalid', 'never right')
      if (item.index === 3) throw new Error('a secret of the server')
      await initItem(context, of, item, record)
    }
    const { id } = await startJob(ctx, runner(work, [1, 2, 3]), ACTOR, job(5))
    expect((await untilEnded(ctx, caller, id)).counts).toMatchObject({ succeeded: 2, failed: 3 })
    expect(Object.fromEntries(tries)).toEqual({ 0: 3, 1: 4, 2: 1, 3: 1, 4: 1 })
    const { items } = await listJobItems(ctx, caller, id, { state: 'Failed' }, PAGE)
    expect(items).toMatchObject([
      { index: 1, errorCode: 'unavailable', reason: 'down for good' },
      { index: 2, errorCode: 'invalid', reason: 'never right' },
      { index: 3, errorCode: 'internal', reason: expect.not.stringContaining('secret') },
    ])
    expect(reported).toEqual([new Error('a secret of the server')])
  })

  it('makes no draft for an item that is in flight when its job is cancelled', async () => {
    const { ctx, caller, runner } = await prepared()
    const reached = Promise.withResolvers<void>()
    const cancelled = Promise.withResolvers<void>()
    const work: ItemWork = async (...args) => {
      reached.resolve()
      await cancelled.promise
      await initItem(...args)
    }
    const jobs = runner(work)
    const { id } = await startJob(ctx, jobs, ACTOR, job(5))
    await reached.promise
    expect(await cancelJob(ctx, jobs, caller, id)).toMatchObject({
      state: 'Cancelled',
      counts: { skipped: 5 },
    })
    cancelled.resolve()
    await jobs.stop()
    const { items } = await listPackageRevisions(ctx, caller, {}, { field: 'name', descending: false }, PAGE)
    expect(items).toEqual([])
  })

  it('leaves what it has not done to the next runner', async () => {
    const { ctx, caller, runner } = await prepared()
    const first = runner(initItem)
    const { id } = await startJob(ctx, first, ACTOR, job(30))
    await expect.poll(async () => (await getJob(ctx, caller, id)).counts.succeeded).toBeGreaterThan(2)
    await first.stop()
    const { counts } = await getJob(ctx, caller, id)
    expect(counts.pending).toBeGreaterThan(0)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expect((await getJob(ctx, caller, id)).counts).toEqual(counts)
    await runner(initItem).resume()
    expect((await untilEnded(ctx, caller, id)).counts).toMatchObject({ succeeded: 30, failed: 0 })
  })
})

describe('the events of a job', () => {
  it('have heartbeats while nothing happens, and end when the server drains its listeners', async () => {
    const { ctx, runner, stream } = await prepared()
    const go = Promise.withResolvers<void>()
    const jobs = runner(async (...args) => {
      await go.promise
      await initItem(...args)
    })
    const { id } = await startJob(ctx, jobs, ACTOR, job(1))
    const events = jobEvents(ctx, jobs, id, {
      after: 0,
      stream: stream(),
      signal: jobs.drained,
      quietAfter: 10,
    })
    expect((await events.next()).value).toEqual({ type: 'quiet' })
    expect((await events.next()).value).toEqual({ type: 'quiet' })
    go.resolve()
    let event = (await events.next()).value
    while (event?.type === 'quiet') event = (await events.next()).value
    expect(event).toMatchObject({ type: 'item', id: 1, item: { revision: 'blueprints.p0.ws1' } })

    const hold = Promise.withResolvers<void>()
    const { id: second } = await startJob(
      ctx,
      runner(() => hold.promise),
      ACTOR,
      job(1),
    )
    const waiting = jobEvents(ctx, jobs, second, { after: 0, stream: stream(), signal: jobs.drained }).next()
    jobs.drain()
    expect(await waiting).toMatchObject({ done: true })
    hold.resolve()
  })
})

describe('finished jobs', () => {
  it('are kept for 30 days', async () => {
    const { ctx, caller, runner } = await prepared()
    const jobs = runner(initItem)
    const { id } = await startJob(ctx, jobs, ACTOR, job(2))
    await untilEnded(ctx, caller, id)
    const now = Date.now()
    ctx.now = () => new Date(now + 29 * 24 * 3600 * 1000)
    await startJob(ctx, jobs, ACTOR, job(0))
    expect((await listJobs(ctx, caller, {}, PAGE)).items).toHaveLength(2)
    ctx.now = () => new Date(now + 31 * 24 * 3600 * 1000)
    await startJob(ctx, jobs, ACTOR, job(0))
    expect((await listJobs(ctx, caller, {}, PAGE)).items.map((found) => found.id)).toEqual(['3', '2'])
    await expect(getJob(ctx, caller, id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await ctx.db.selectFrom('job_items').selectAll().execute()).toEqual([])
  })

  it('are kept up to a number', async () => {
    const { ctx, caller, runner } = await prepared()
    const jobs = runner(initItem)
    for (let at = 0; at < 1003; at++) await startJob(ctx, jobs, ACTOR, job(0))
    expect((await listJobs(ctx, caller, {}, { limit: 2000 })).items).toHaveLength(1001)
  })
})
