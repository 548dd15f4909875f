import { expect, it } from 'vitest'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { authenticateSession } from '../../../src/service/access/authenticate.ts'
import { listSessions } from '../../../src/service/login/list-sessions.ts'
import { pruneLogins } from '../../../src/service/login/prune-logins.ts'
import { startSession } from '../../../src/service/login/start-session.ts'
import { accounts, DAY } from '../../support/access.ts'

const LOGIN = { issuer: 'https://idp', subject: 'ann', userName: 'ann', displayName: 'Ann', groups: [] }

async function sessionApp() {
  const at = await accounts()
  return {
    ...at,
    start: async () => {
      at.pass(1000)
      return startSession(at.access, LOGIN, undefined)
    },
    count: async () => (await listSessions(at.ctx, at.access, SYSTEM, 'ann', { limit: 100 })).items.length,
  }
}

it('a user has up to 50 sessions, and another ends the oldest', async () => {
  const { access, start, count } = await sessionApp()
  const texts: string[] = []
  for (let number = 0; number < 52; number++) texts.push((await start()).text)
  expect(await count()).toBe(50)
  const known = async (text = '') => 'actor' in (await authenticateSession(access, text))
  expect(await Promise.all([0, 1, 2, 51].map((at) => known(texts[at])))).toEqual([false, false, true, true])
})

it('sessions that have expired, or were not used, are deleted', async () => {
  const { ctx, start, pass } = await sessionApp()
  const rows = async () => (await ctx.db.selectFrom('sessions').select('id').execute()).length
  await start()
  pass(DAY / 3 - 1)
  await pruneLogins(ctx)
  expect(await rows()).toBe(1)
  pass(1)
  await pruneLogins(ctx)
  expect(await rows()).toBe(0)
})
