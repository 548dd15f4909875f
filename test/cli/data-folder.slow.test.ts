/** Commands that a running server carries out: only the one whose data folder is given. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import { listening } from '../support/listening.ts'
import { runCommand, type ServerProcess, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Folder = { data: string; server: ServerProcess }

/** A server with one repository, and a draft that was overwritten. */
async function serverWith(repository: string): Promise<Folder> {
  const data = await temporaryFolder()
  const server = await startServer(data, ['--gc-grace', '0'])
  const { client } = server
  await client.createRepository(repository)
  const { name } = await client.createDraft('ws1', undefined, { repository })
  const resources = { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' }
  await client.ok('PUT', `/packagerevisions/${name}/resources`, { resources }, { 'If-Match': '*' })
  return { data, server }
}

/** How many requests a server was sent by commands. */
async function requests({ server: { url } }: Folder, path: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', url))).text()
  const line = metrics
    .split('\n')
    .find((each) => each.includes('duration_seconds_count') && each.includes(`route="${path}"`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const CALLS = ['/api/v1/backups', '/api/v1/garbage-collections', '/api/v1/verifications']

describe('a command on data that a server uses', () => {
  it('is carried out by that server, and by no other', async () => {
    const mine = await serverWith('mine')
    const other = await serverWith('other')
    // As if the other one had the address of the settings.
    const settings = { PKGSERVER_LISTEN: other.server.url.host }
    const file = join(await temporaryFolder(), 'backup.tar')
    const run = (...args: string[]) => runCommand([...args, '--data', mine.data], settings)
    expect(await run('backup', file)).toMatchObject({ code: 0, log: '' })
    expect(await run('gc')).toMatchObject({ code: 0, output: expect.stringMatching(/^removed [1-9]/) })
    expect(await run('verify', '--fix')).toMatchObject({
      code: 0,
      output: expect.stringContaining('no diff'),
    })
    for (const path of CALLS) {
      expect([path, await requests(mine, path), await requests(other, path)]).toEqual([path, 1, 0])
    }
    const restored = await temporaryFolder()
    await runCommand(['restore', file, '--data', restored])
    const { client } = await folderApp(restored)
    expect((await client.ok('GET', '/repositories')).items).toMatchObject([{ name: 'mine' }])
  })

  it('is carried out by a server that requires rights', async () => {
    const data = await temporaryFolder()
    await startServer(data, ['--auth', 'required'])
    const file = join(await temporaryFolder(), 'backup.tar')
    for (const command of [['backup', file], ['gc'], ['verify', '--fix']]) {
      expect(await runCommand([...command, '--data', data])).toMatchObject({ code: 0, log: '' })
    }
  })

  it.each([
    ['another server', async () => (await serverWith('other')).server.url],
    ['another program', () => listening((_, response) => response.end('{}'))],
    ['nothing', async () => new URL('http://127.0.0.1:1')],
  ])('is refused where its address leads to %s', async (_, elsewhere) => {
    const { data, server } = await serverWith('mine')
    const address = join(data, 'server.json')
    const url = (await elsewhere()).href
    await writeFile(address, JSON.stringify({ ...JSON.parse(await readFile(address, 'utf8')), url }))
    for (const command of [['backup', join(data, 'out.tar')], ['gc'], ['verify', '--fix']]) {
      expect(await runCommand([...command, '--data', data])).toMatchObject({
        code: 1,
        output: '',
        log: expect.stringMatching(/^pkgserver: a server is using .* it does not answer at 127\.0\.0\.1:/),
      })
    }
    await server.stop()
    expect((await runCommand(['verify', '--data', data])).code).toBe(0)
  })

  it('does not take the address that came with a copy of the folder', async () => {
    const { data, server } = await serverWith('mine')
    const address = await readFile(join(data, 'server.json'))
    const copy = await folderApp()
    await writeFile(join(copy.data, 'server.json'), address)
    await copy.close()
    // Any command takes the folder.
    const { close } = await folderApp(copy.data)
    expect(await runCommand(['gc', '--data', copy.data])).toMatchObject({
      code: 1,
      log: expect.stringContaining('another pkgserver is using'),
    })
    expect(await requests({ data, server }, '/api/v1/garbage-collections')).toBe(0)
    await close()
  })
})
