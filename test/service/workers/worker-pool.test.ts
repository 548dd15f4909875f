import { execFileSync } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { forClient } from '../../../src/core/client.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/resources.ts'
import type { Tasks } from '../../../src/service/workers/tasks.ts'
import {
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolOptions,
} from '../../../src/service/workers/worker-pool.ts'
import { filesOf } from '../../support/texts.ts'

const limits = DEFAULT_LIMITS
const small = { files: filesOf({ 'a.yaml': 'a: 1\n' }), limits }
/** Takes the parser seconds, and hundreds of MiB. */
const large = { files: filesOf({ 'a.yaml': '- a\n'.repeat(190_000) }), limits }
const PACKAGE = 'blueprints/p'

function pool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const made = createWorkerPool({ report: () => undefined, ...options })
  onTestFinished(made.close)
  return made
}

it('packs and validates files', async () => {
  const { packed, findings } = await pool().tasks.prepare(small, PACKAGE)
  expect(packed.layer.descriptor.digest).toMatch(/^sha256:/)
  expect(findings.errors).toEqual([])
})

it('fails a task that takes too long, and runs the next one', async () => {
  const { prepare } = pool({ timeout: 600 }).tasks
  // On a busy machine, a worker that starts may take too long as well.
  const prepared = () => prepare(small, PACKAGE).then(() => 'done', String)
  await expect.poll(prepared).toBe('done')
  await expect(prepare(large, PACKAGE)).rejects.toMatchObject({ code: 'unavailable' })
  await expect.poll(prepared).toBe('done')
})

it('fails a task that needs too much memory, survives it, and runs the next one', async () => {
  const { prepare } = pool({ memory: 32 }).tasks
  await prepare(small, PACKAGE)
  await expect(prepare(large, PACKAGE)).rejects.toMatchObject({ code: 'too_large' })
  await expect(prepare(small, PACKAGE)).resolves.toBeDefined()
})

it('passes an unexpected failure on, with the place where it happened, and keeps the worker', async () => {
  const { tasks } = pool()
  const resources = new Map([['a.yaml', { byteLength: 1 } as Uint8Array]])
  const broken = { files: { ...small.files, resources }, limits }
  await expect(tasks.prepare(broken, PACKAGE)).rejects.toMatchObject({
    name: 'TypeError',
    stack: expect.stringContaining('src/'),
  })
  await expect(tasks.prepare(small, PACKAGE)).resolves.toBeDefined()
})

it('fails tasks in flight and those that wait when it is closed', async () => {
  const { tasks, close } = pool({ workers: 1 })
  const failed = [1, 2].map(() =>
    expect(tasks.prepare(large, PACKAGE)).rejects.toMatchObject({ code: 'unavailable' }),
  )
  await close()
  await Promise.all(failed)
  await expect(tasks.prepare(small, PACKAGE)).rejects.toMatchObject({ code: 'unavailable' })
})

it('leaves no process behind when it is closed', async () => {
  const { tasks, close } = pool()
  await tasks.prepare(small, PACKAGE)
  const children = () =>
    execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('worker-process')).length
  const before = children()
  await close()
  expect(children()).toBe(before - 1)
})

describe('the queue', () => {
  it('lets a limited number of tasks wait, and refuses the rest', async () => {
    const { tasks } = pool({ workers: 1, maxQueue: 1 })
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () =>
        tasks.prepare(large, PACKAGE).then(
          () => 'done',
          ({ code }) => code,
        ),
      ),
    )
    expect(outcomes.sort()).toEqual(['done', 'done', 'overloaded', 'overloaded'])
  })

  it('lets no task wait for longer than its limit', async () => {
    const { tasks, queue } = pool({ workers: 1, maxWait: 100 })
    const first = tasks.prepare(large, PACKAGE)
    await expect(tasks.prepare(small, PACKAGE)).rejects.toMatchObject({ code: 'overloaded' })
    expect(queue().waiting).toBe(0)
    await first
  })

  it('lets clients take turns, and packages of a client', async () => {
    const { tasks } = pool({ workers: 1 })
    const order: string[] = []
    const add = (client: string, name: string) =>
      forClient(client, () => tasks.prepare(small, name).then(() => order.push(`${client} ${name}`)))
    await Promise.all([
      add('a', 'x'),
      add('a', 'x'),
      add('a', 'x'),
      add('a', 'y'),
      add('b', 'z'),
      add('b', 'z'),
    ])
    expect(order).toEqual(['a x', 'a x', 'b z', 'a y', 'b z', 'a x'])
  })

  it('leaves a worker to other clients', async () => {
    const ended: (keyof Tasks)[] = []
    const { tasks } = pool({ workers: 2, onTask: (name) => ended.push(name) })
    const hog = forClient('a', () => [1, 2, 3].map((at) => tasks.prepare(large, `p${at}`)))
    await forClient('b', () => tasks.clone({ upstream: small.files, note: NOTE, limits }, PACKAGE))
    expect(ended).toEqual(['clone'])
    await Promise.all(hog)
  })
})

const NOTE = {
  packagePath: 'p',
  upstream: { name: 'a.b.c', repository: 'a', package: 'b', revision: 1, version: null, digest: 'sha256:0' },
}
