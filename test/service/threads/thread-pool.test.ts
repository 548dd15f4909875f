import { expect, it, onTestFinished } from 'vitest'
import { createThreadPool, type ThreadPool } from '../../../src/service/threads/thread-pool.ts'
import { filesOf } from '../../support/texts.ts'

const small = filesOf({ 'a.yaml': 'a: 1\n' })
/** Takes the parser seconds, and hundreds of MiB. */
const large = filesOf({ 'a.yaml': '- a\n'.repeat(190_000) })

function pool(options: { timeout?: number; memory?: number }): ThreadPool {
  const made = createThreadPool({ ...options, report: () => undefined })
  onTestFinished(made.close)
  return made
}

it('packs and validates files', async () => {
  const { packed, findings } = await pool({}).tasks.prepare(small)
  expect(packed.layer.descriptor.digest).toMatch(/^sha256:/)
  expect(findings.errors).toEqual([])
})

it('fails a task that takes too long, and runs the next one', async () => {
  const { prepare } = pool({ timeout: 400 }).tasks
  // On a busy machine, a thread that starts may take too long as well.
  const prepared = () => prepare(small).then(() => 'done', String)
  await expect.poll(prepared).toBe('done')
  await expect(prepare(large)).rejects.toMatchObject({ code: 'unavailable' })
  await expect.poll(prepared).toBe('done')
})

it('fails a task that needs too much memory, and runs the next one', async () => {
  const { prepare } = pool({ memory: 32 }).tasks
  await prepare(small)
  await expect(prepare(large)).rejects.toMatchObject({ code: 'too_large' })
  await expect(prepare(small)).resolves.toBeDefined()
})

it('fails tasks in flight when it is closed', async () => {
  const { tasks, close } = pool({})
  const failed = expect(tasks.prepare(large)).rejects.toThrow()
  await close()
  await failed
})
