import { expect, it } from 'vitest'
import { forClient } from '../../src/core/client.ts'
import { ByteBudget } from '../../src/http/byte-budget.ts'
import { Gate } from '../../src/http/gate.ts'

it('runs a limited number of calls, queues some in the order of arrival, and refuses the rest', async () => {
  const gate = new Gate({ atOnce: 2, queue: 2, wait: 10_000 })
  const finish: (() => void)[] = []
  const begun: number[] = []
  const enter = (name: number) =>
    forClient(`client ${name}`, () =>
      gate.pass(async () => {
        begun.push(name)
        await new Promise<void>((resolve) => finish.push(resolve))
      }),
    )
  const passing = [1, 2, 3, 4].map(enter)
  expect(begun).toEqual([1, 2])
  expect(gate).toMatchObject({ inside: 2, waiting: 2 })
  await expect(enter(5)).rejects.toMatchObject({ code: 'overloaded' })
  finish[1]?.()
  await passing[1]
  await expect.poll(() => begun).toEqual([1, 2, 3])
  finish[0]?.()
  await expect.poll(() => begun).toEqual([1, 2, 3, 4])
  for (const end of finish) end()
  await Promise.all(passing)
  expect(gate).toMatchObject({ inside: 0, waiting: 0 })
})

it('leaves places, and room in its queue, to other clients, which take turns', async () => {
  const gate = new Gate({ atOnce: 4, queue: 4, wait: 10_000 })
  const begun: string[] = []
  const finish: (() => void)[] = []
  const enter = (client: string) =>
    forClient(client, () =>
      gate.pass(async () => {
        begun.push(client)
        await new Promise<void>((resolve) => finish.push(resolve))
      }),
    )
  const passing = Array.from({ length: 6 }, () => enter('greedy'))
  expect(gate).toMatchObject({ inside: 3, waiting: 3 })
  await expect(enter('greedy')).rejects.toMatchObject({ code: 'overloaded' })
  passing.push(enter('other'), enter('other'))
  expect(begun).toEqual(['greedy', 'greedy', 'greedy', 'other'])
  finish[0]?.()
  await expect.poll(() => begun.length).toBe(5)
  finish[1]?.()
  await expect.poll(() => begun.length).toBe(6)
  expect(begun.slice(4).sort()).toEqual(['greedy', 'other'])
  await expect
    .poll(() => {
      for (const end of finish) end()
      return gate.inside
    })
    .toBe(0)
  await Promise.all(passing)
})

it('refuses a call that has waited too long, and goes on after failures', async () => {
  const gate = new Gate({ atOnce: 1, queue: 5, wait: 30 })
  const { promise: work, reject } = Promise.withResolvers<void>()
  const first = gate.pass(() => work)
  await expect(gate.pass(async () => 'late')).rejects.toMatchObject({ code: 'overloaded' })
  reject(new Error('failed'))
  await expect(first).rejects.toThrow('failed')
  expect(await gate.pass(async () => 'in')).toBe('in')
})

it('counts the bytes of all bodies, and takes back those of one that is done', () => {
  const budget = new ByteBudget(100, 'bodies')
  const [a, b] = [budget.share(), budget.share()]
  a.take(60)
  b.take(40)
  expect(() => b.take(1)).toThrow(expect.objectContaining({ code: 'overloaded' }))
  expect(() => budget.check(1)).toThrow(expect.objectContaining({ code: 'overloaded' }))
  a.giveBack()
  a.giveBack()
  expect(budget.used).toBe(40)
  b.take(60)
})

it('leaves half of the bytes to other clients, and lets one request have all that it needs', () => {
  const overloaded = expect.objectContaining({ code: 'overloaded' })
  const mib = 1024 * 1024
  const budget = new ByteBudget(100 * mib, 'answers')
  const [a, b, c] = [budget.share('one'), budget.share('one'), budget.share('two')]
  a.take(40 * mib)
  expect(() => b.take(20 * mib)).toThrow(overloaded)
  b.take(10 * mib)
  // Small answers are not what one client takes from others.
  b.take(mib)
  c.take(49 * mib)
  expect(() => c.take(1)).toThrow(overloaded)
  a.giveBack()
  b.giveBack()
  c.take(200 * mib)
  expect(() => a.take(1)).toThrow(overloaded)
  c.giveBack()
  expect(budget.used).toBe(0)
  a.take(1)
})

it('leaves some bytes to other clients, even if one takes them in small amounts', () => {
  const mib = 1024 * 1024
  const budget = new ByteBudget(8 * mib, 'bodies')
  const one = Array.from({ length: 8 }, () => budget.share('one'))
  const taken = one.filter((share) => {
    try {
      share.take(mib)
      return true
    } catch {
      return false
    }
  })
  expect(taken).toHaveLength(6)
  budget.share('two').take(2 * mib)
})
