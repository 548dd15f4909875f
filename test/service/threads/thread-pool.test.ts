import { expect, it, onTestFinished } from 'vitest'
import type { Resources } from '../../../src/domain/resources.ts'
import { createThreadPool, type ThreadPool } from '../../../src/service/threads/thread-pool.ts'

const small: Resources = new Map([['a.yaml', Buffer.from('a: 1\n')]])
/** Takes the parser seconds, and hundreds of MiB. */
const large: Resources = new Map([['a.yaml', Buffer.from('- a\n'.repeat(190_000))]])

function pool(options: { timeout?: number; memory?: number }): ThreadPool {
  const made = createThreadPool({ ...options, report: () => undefined })
  onTestFinished(made.close)
  return made
}

it('packs and validates', async () => {
  const { packed, findings } = await pool({}).tasks.prepare(small)
  expect(packed.layer.descriptor.digest).toMatch(/^sha256:/)
  expect(findings.errors).toEqual([])
})

it('gives up on what takes too long, and goes on with the next', async () => {
  const { prepare } = pool({ timeout: 400 }).tasks
  await prepare(small)
  await expect(prepare(large)).rejects.toMatchObject({ code: 'unavailable' })
  await expect.poll(() => prepare(small).then(() => 'done', String), { timeout: 10_000 }).toBe('done')
})

it('survives files that need more memory than there is', async () => {
  const { prepare } = pool({ memory: 32 }).tasks
  await prepare(small)
  await expect(prepare(large)).rejects.toMatchObject({ code: 'too_large' })
  await expect(prepare(small)).resolves.toBeDefined()
})

it('stops with work under way', async () => {
  const { tasks, close } = pool({})
  const failed = expect(tasks.prepare(large)).rejects.toThrow()
  await close()
  await failed
})
