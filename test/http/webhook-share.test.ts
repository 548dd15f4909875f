import { expect, it } from 'vitest'
import { protectedApp } from '../support/protected-app.ts'

it('leaves webhooks to others where one repository has as many as it may', async () => {
  const app = await protectedApp()
  const team = await app.user('eve', 'repository-admin', 'team')
  const other = await app.user('bob', 'repository-admin', 'other')
  const admin = await app.user('ann', 'admin')
  const webhook = (name: string, repository: string) => ({
    name,
    url: 'https://198.51.100.7/',
    secret: 'x'.repeat(32),
    events: ['published'],
    filter: { repository },
  })
  for (let number = 0; number < 20; number++)
    await team.ok('POST', '/webhooks', webhook(`w${number}`, 'team'))

  expect(await team.call('POST', '/webhooks', webhook('more', 'team'))).toMatchObject({ status: 409 })
  await other.ok('POST', '/webhooks', webhook('other', 'other'))
  await admin.ok('POST', '/webhooks', webhook('more', 'team'))
})
