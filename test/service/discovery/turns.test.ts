import { expect, it } from 'vitest'
import { Turns } from '../../../src/service/discovery/turns.ts'

it('keeps places free for other hosts while work for one does not end', async () => {
  const turns = new Turns({ all: 3, each: 2 })
  const begun: string[] = []
  const { promise: never } = Promise.withResolvers<void>()
  for (let i = 0; i < 10; i++) {
    void turns.run('slow', async () => {
      begun.push('slow')
      await never
    })
  }
  for (const host of ['a', 'b', 'c']) await turns.run(host, async () => begun.push(host))
  expect(begun).toEqual(['slow', 'slow', 'a', 'b', 'c'])
})

it('runs the next work after a failure', async () => {
  const turns = new Turns({ all: 1, each: 1 })
  const failing = turns.run('a', () => Promise.reject(new Error('failed')))
  const next = turns.run('a', async () => 'done')
  await expect(failing).rejects.toThrow('failed')
  expect(await next).toBe('done')
})
