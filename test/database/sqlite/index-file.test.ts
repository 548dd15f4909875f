import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it } from 'vitest'
import { openIndex } from '../../../src/database/open.ts'
import { secret } from '../../../src/database/settings.ts'
import { copyIndex } from '../../../src/database/sqlite/index-file.ts'
import { temporaryFolder } from '../../support/temporary.ts'

it('copies the index without the secrets by which its server makes tokens', async () => {
  const folder = await temporaryFolder()
  const { commits, close } = openIndex(folder)
  const key = (name: string) => commits.run((transaction) => secret(transaction, name))
  const [kept, left] = [await key('audit-address'), await key('registry-token')]

  const to = join(folder, 'copy.db')
  await copyIndex(folder, to, ['audit-address'])

  expect(await key('registry-token')).toEqual(left)
  await close()
  const copy = new BetterSqlite3(to)
  expect(copy.prepare('SELECT name, value FROM settings').all()).toEqual([
    { name: 'audit-address', value: kept.toString('hex') },
  ])
  copy.close()
  expect((await readFile(to)).includes(left.toString('hex'))).toBe(false)
})
