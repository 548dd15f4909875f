/** What is proposed and rejected again and again. */
import { expect, it } from 'vitest'
import { authorsOf } from '../../../src/database/review/authors.ts'
import { reject } from '../../../src/service/review/reject.ts'
import { showReview } from '../../../src/service/review/show-review.ts'
import { NAME, reviews } from '../../support/reviews.ts'

it('shows all votes on the current proposal, and the last ones on those before', async () => {
  const at = await reviews()
  const [ann, bob, cem] = [await at.person('ann'), await at.person('bob'), await at.person('cem')]
  await at.policy({ approvals: 3 })
  await at.draft(ann)
  for (let count = 1; count <= 105; count++) {
    await at.propose(ann)
    await reject(at.ctx, bob, NAME, { reason: String(count) })
  }
  const shown = async () => {
    const { votes } = await showReview(at.ctx, { policy: await at.access.policy(), actor: bob }, NAME)
    return votes.map(({ by, reason }) => reason ?? by)
  }
  const earlier = Array.from({ length: 100 }, (_, at) => String(105 - at))
  expect(await shown()).toEqual(earlier)
  await at.propose(ann)
  await at.approve(bob)
  await at.approve(cem)
  expect(await shown()).toEqual(['cem', 'bob', ...earlier])
  // However often they have proposed.
  const { authors } = await authorsOf(at.ctx.db, NAME)
  expect(authors.filter(({ name }) => name === 'ann').length).toBeLessThan(4)
})
