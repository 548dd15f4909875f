import { expect, it, onTestFinished } from 'vitest'
import type { Resources } from '../../src/package/resources.ts'
import { createWorkPool, type WorkPool } from '../../src/service/work-pool.ts'

const small: Resources = new Map([['a.yaml', Buffer.from('a: 1\n')]])
/** Takes the parser seconds, and hundreds of MiB. */
const large: Resources = new Map([['a.yaml', Buffer.from('- a\n'.repeat(190_000))]])

function pool(options: { timeout?: number; memory?: number }): WorkPool {
  const made = createWorkPool({ ...options, report: () => undefined })
  onTestFinished(made.close)
  return made
}

it('packs and validates', async () => {
  const { packed, findings } = await pool({}).workers.prepare(small)
  expect(packed.layer.descriptor.digest).toMatch(/^sha256:/)
  expect(findings.errors).toEqual([])
})

it('gives up on a task that takes too long, and goes on with the next', async () => {
  const { prepare } = pool({ timeout: 400 }).workers
  // A thread that starts on a busy machine may take too long, too.
  const prepared = () => prepare(small).then(() => 'done', String)
  await expect.poll(prepared).toBe('done')
  await expect(prepare(large)).rejects.toMatchObject({ code: 'unavailable' })
  await expect.poll(prepared).toBe('done')
})

it('survives files that need more memory than there is', async () => {
  const { prepare } = pool({ memory: 32 }).workers
  await prepare(small)
  await expect(prepare(large)).rejects.toMatchObject({ code: 'too_large' })
  await expect(prepare(small)).resolves.toBeDefined()
})

it('stops with a task in flight', async () => {
  const { workers, close } = pool({})
  const failed = expect(workers.prepare(large)).rejects.toThrow()
  await close()
  await failed
})
