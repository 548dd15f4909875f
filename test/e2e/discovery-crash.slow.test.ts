/** kill -9 while a repository is filled from a registry elsewhere. */
import { describe, expect, it } from 'vitest'
import { files, register, revisions, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

describe('a sync', () => {
  it('continues after kill -9, leaves no number out and takes no version twice', async () => {
    const there = await elsewhere()
    const count = 30
    for (let minor = 0; minor < count; minor++) await there.flux('team/upf', `v1.${minor}.0`, files(minor))
    const data = await temporaryFolder()
    const env = { PKGSERVER_SOURCE_HOSTS: '*' }
    let server = await startServer(data, [], env)
    await register(server.client, there)
    for (let kills = 0; kills < 3; kills++) {
      const before = (await revisions(server.client)).length
      server.client.call('POST', '/repositories/found/sync').catch(() => undefined)
      await until(async () => (await revisions(server.client)).length >= Math.min(before + 3, count))
      await server.stop('SIGKILL')
      server = await startServer(data, [], env)
    }
    expect(await sync(server.client)).toMatchObject({ state: 'Succeeded', revisions: count, problems: [] })
    const found = await revisions(server.client)
    expect(found.map(({ revision, version }) => `${revision} ${version}`)).toEqual(
      Array.from({ length: count }, (_, minor) => `${minor + 1} 1.${minor}.0`),
    )
    expect(await server.client.resolve('latest', 'found/upf')).toBe(found.at(-1).artifact.digest)
    expect(await server.client.tags('found/upf')).toHaveLength(2 * count + 1)
  })
})
