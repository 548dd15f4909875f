import type { Kysely, KyselyPlugin } from 'kysely'
import { expect, it } from 'vitest'
import type { Transaction } from '../../../src/database/connection.ts'
import type { GroupCommit } from '../../../src/database/group-commit.ts'
import type { Schema } from '../../../src/database/schema.ts'
import type { ServiceContext } from '../../../src/service/context.ts'
import { approve } from '../../../src/service/review/approve.ts'
import { reviews } from '../../support/reviews.ts'

/** A context that counts its statements. */
function counted(ctx: ServiceContext): { ctx: ServiceContext; count: () => number } {
  let statements = 0
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      statements++
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const commits = Object.create(ctx.commits, {
    run: {
      value: (work: (transaction: Transaction) => Promise<unknown>) =>
        ctx.commits.run((transaction) => work(transaction.withPlugin(plugin) as Transaction)),
    },
  }) as GroupCommit
  return {
    ctx: { ...ctx, db: (ctx.db as Kysely<Schema>).withPlugin(plugin), commits },
    count: () => statements,
  }
}

it('costs an approval one look-up where no policy holds', async () => {
  const at = await reviews()
  const ann = await at.person('ann')
  await at.policy({ repositories: ['other'] })
  const policy = await at.ctx.policyOf()
  const approval = async (workspace: string, change: Partial<ServiceContext>): Promise<number> => {
    const { name } = await at.proposed(ann, workspace)
    const { ctx, count } = counted(at.ctx)
    await approve({ ...ctx, ...change }, ann, name)
    return count()
  }
  await approval('ws1', {})
  const without = await approval('ws2', { policyOf: async () => policy })
  expect(await approval('ws3', {})).toBe(without + 1)
})
