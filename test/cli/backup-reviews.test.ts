import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reviewRulesSchema } from '../../src/domain/review/policy.ts'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { authenticatePrincipal } from '../../src/service/access/authenticate.ts'
import { createBinding } from '../../src/service/accounts/create-binding.ts'
import { recordLogin } from '../../src/service/accounts/record-login.ts'
import { createReviewPolicy } from '../../src/service/accounts/review-policies.ts'
import { approve } from '../../src/service/review/approve.ts'
import { folderApp } from '../support/app.ts'
import { runCommand } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const TABLES = ['review_policies', 'review_votes', 'review_authors', 'review_proposals'] as const

it('a backup carries review policies, votes and authors', async () => {
  const app = await folderApp()
  const { client, parts } = app
  const { ctx } = parts
  const { access } = parts.authenticator
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  const { artifact } = await client.verb(name, 'propose')
  const login = { issuer: 'https://idp', subject: 'bob', userName: 'bob', displayName: '', groups: [] }
  const bob = await recordLogin(access, login)
  const binding = { subject: { kind: 'user', name: 'bob' }, role: 'reviewer', repositories: ['*'] } as const
  await createBinding(access, SYSTEM, binding)
  const rules = reviewRulesSchema.parse({ name: 'votes', repositories: ['*'], approvals: 2 })
  await createReviewPolicy(access, SYSTEM, rules)
  const found = await authenticatePrincipal(access, bob.id)
  if (!('actor' in found)) throw new Error(found.refused)
  await approve(ctx, found.actor, name, { digest: artifact.digest })
  const rows = async (of: typeof ctx) =>
    Promise.all(TABLES.map((table) => of.db.selectFrom(table).selectAll().execute()))
  const before = await rows(ctx)
  expect(before.map((each) => each.length)).toEqual([1, 1, 2, 1])
  await app.close()
  const file = join(await temporaryFolder(), 'backup.tar')
  await runCommand(['backup', file, '--data', app.data])
  const data = await temporaryFolder()
  await runCommand(['restore', file, '--data', data])
  const restored = await folderApp(data)
  expect(await rows(restored.parts.ctx)).toEqual(before)
})
