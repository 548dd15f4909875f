import { expect, it } from 'vitest'
import type { Caller } from '../../../src/service/access/policy.ts'
import type { ServiceContext } from '../../../src/service/context.ts'
import { planClones } from '../../../src/service/jobs/plan-clones.ts'

it('counts the defaults for every target, and writes them as JSON once to do so', async () => {
  let written = 0
  const annotations = {
    toJSON() {
      written++
      return { note: 'x'.repeat(100_000) }
    },
  } as unknown as Record<string, string>
  const targets = Array.from({ length: 500 }, (_, at) => ({ package: `p${at}` }))
  const request = { upstream: 'a.b.c', targets, defaults: { repository: 'r', annotations } }
  // It needs nothing of the server to refuse them.
  await expect(planClones({} as ServiceContext, {} as Caller, request)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringMatching(/ have 500\d{5} bytes together/),
  })
  expect(written).toBe(1)
})
