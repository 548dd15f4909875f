import { execFileSync } from 'node:child_process'
import { mkdir, open, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { folderApp } from '../support/app.ts'
import { runCommand, startServer } from '../support/process.ts'
import { registryBehind } from '../support/registries.ts'
import { seedServer } from '../support/seed-server.ts'
import { temporaryFolder } from '../support/temporary.ts'

const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${value}}\n` },
})

describe('a backup', () => {
  it('gives the same answers, and is made without a server too', async () => {
    const app = await folderApp()
    await seedServer(app.client)
    const before = await allAnswers(app.client)
    await app.close()
    const file = join(await temporaryFolder(), 'backup.tar')
    expect((await runCommand(['backup', file, '--data', app.data])).log).toBe('')
    const data = await temporaryFolder()
    await runCommand(['restore', file, '--data', data])
    const { client } = await folderApp(data)
    expect(await allAnswers(client)).toEqual(before)
  })

  it('is not restored where anything is missing, damaged or in the way', async () => {
    const app = await folderApp()
    await app.client.createRepository()
    await app.client.publish('ws1', files('x'))
    await app.close()
    const folder = await temporaryFolder()
    const file = join(folder, 'backup.tar')
    await runCommand(['backup', file, '--data', app.data])
    const { size } = await stat(file)

    const occupied = await runCommand(['restore', file, '--data', app.data])
    expect(occupied).toMatchObject({ code: 1, log: expect.stringContaining('index.db exists already') })

    const tries: [string, (bytes: Buffer) => Buffer][] = [
      ['was cut off', (bytes) => bytes.subarray(0, size / 2)],
      ['was cut off', (bytes) => bytes.subarray(0, bytes.lastIndexOf('SHA256SUMS'))],
      ['not a backup', () => Buffer.from('no tar'.repeat(200))],
      [
        'has the digest|has changed since the backup was written',
        (bytes) => {
          const at = bytes.indexOf('"schemaVersion":2')
          bytes[at + 1] = 0x5a
          return bytes
        },
      ],
      [
        'index.db has changed since the backup was written',
        (bytes) => {
          bytes.write('Z', bytes.indexOf('SQLite format 3') + 200)
          return bytes
        },
      ],
    ]
    for (const [reason, change] of tries) {
      const damaged = join(folder, 'damaged.tar')
      await writeFile(damaged, change(await readFile(file)))
      const data = await temporaryFolder()
      const { code, log } = await runCommand(['restore', damaged, '--data', data])
      expect(log, reason).toMatch(new RegExp(reason))
      expect(code).toBe(1)
      expect((await readdir(data)).filter((name) => !name.startsWith('lock.db'))).toEqual([])
    }
    const running = await startServer(await temporaryFolder())
    const dataOfRunning = /data +(\S+)/.exec(running.output())?.[1] ?? ''
    expect(await runCommand(['restore', file, '--data', dataOfRunning])).toMatchObject({
      code: 1,
      log: expect.stringContaining('another pkgserver is using'),
    })
  })

  it('is a tar that other tools read', async () => {
    const app = await folderApp()
    await app.client.createRepository()
    await app.client.publish('ws1', files('x'), { package: Array(3).fill('p'.repeat(60)).join('/') })
    await app.close()
    const folder = await temporaryFolder()
    await runCommand(['backup', join(folder, 'b.tar'), '--data', app.data])
    const checked = execFileSync(
      'sh',
      ['-c', 'tar xf b.tar && sha256sum -c --quiet SHA256SUMS && echo fine'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    expect(checked).toBe('fine\n')
  })

  it('says where the artifacts are if it has none', async () => {
    const url = await registryBehind([])
    const settings = { PKGSERVER_REGISTRY: url.href, HOME: '/nonexistent' }
    const app = await folderApp(undefined, settings)
    await seedServer(app.client)
    await app.close()
    const file = join(await temporaryFolder(), 'b.tar')
    await runCommand(['backup', file, '--data', app.data], settings)
    const data = await temporaryFolder()
    const { output } = await runCommand(['restore', file, '--data', data])
    expect(output).toContain(`The artifacts are not in the backup: they are in ${url.href}`)
    const { client } = await folderApp(data, settings)
    expect((await client.ok('POST', '/verifications', {})).differences).toEqual([])
  })
})

describe('a data folder whose index is lost', () => {
  it('is refused, and accepted again after pkgserver reindex', async () => {
    const app = await folderApp()
    await seedServer(app.client)
    const before = await allAnswers(app.client)
    await app.close()
    const index = join(app.data, 'index.db')
    await rm(index)
    const serve = () => runCommand(['serve', '--listen', '127.0.0.1:0', '--data', app.data])
    expect(await serve()).toMatchObject({
      code: 1,
      log: expect.stringMatching(/the index is empty.*pkgserver reindex/),
    })

    const reindex = (...args: string[]) => runCommand(['reindex', '--data', app.data, ...args])
    const { output, log, code } = await reindex()
    expect({ log, code }).toEqual({ log: '', code: 0 })
    expect(output).toMatch(/^indexed 4 repositories, \d+ packages and \d+ revisions/)
    const again = await folderApp(app.data)
    expect(await allAnswers(again.client)).toEqual(before)
    expect(await reindex()).toMatchObject({
      code: 1,
      log: expect.stringContaining('another pkgserver is using'),
    })
    const { resourceVersion } = await again.client.ok('GET', '/packagerevisions')
    await again.close()

    expect(await reindex()).toMatchObject({ code: 1, log: expect.stringContaining('--force') })
    expect((await reindex('--force')).output).toContain('the old index is in')
    const last = await folderApp(app.data)
    expect(await allAnswers(last.client)).toEqual(before)
    const { items } = await last.client.ok('GET', '/packagerevisions')
    for (const item of items) expect(Number(item.resourceVersion)).toBeGreaterThan(Number(resourceVersion))
    expect((await runCommand(['verify', '--data', app.data])).code).toBe(1)
  })

  it('is refused with a clear error if the index is damaged', async () => {
    const app = await folderApp()
    await seedServer(app.client)
    const before = await allAnswers(app.client)
    await app.close()
    const index = join(app.data, 'index.db')
    const serve = () => runCommand(['serve', '--listen', '127.0.0.1:0', '--data', app.data])
    const { size } = await stat(index)
    const handle = await open(index, 'r+')
    // A page in the middle of the file.
    await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(size / 8192) * 4096)
    await handle.close()
    const words = /the database .*index.db cannot be used.*pkgserver restore.*pkgserver reindex --force/
    expect(await serve()).toMatchObject({ code: 1, log: expect.stringMatching(words) })
    await writeFile(index, 'this is no database, and was never one'.repeat(100))
    expect(await serve()).toMatchObject({ code: 1, log: expect.stringMatching(words) })
    await rm(index)
    await mkdir(index)
    expect(await serve()).toMatchObject({
      code: 1,
      log: expect.stringMatching(
        /^pkgserver: the database .*index.db cannot be used.*Check that it is a file/,
      ),
    })
    await rmdir(index)
    await writeFile(index, 'this is no database')
    expect((await runCommand(['reindex', '--force', '--data', app.data])).log).toBe('')
    const { client } = await folderApp(app.data)
    expect(await allAnswers(client)).toEqual(before)
  })
})

describe('pkgserver verify', () => {
  it('asks the running server, or looks itself; its exit status tells', async () => {
    const data = await temporaryFolder()
    const { client, stop } = await startServer(data)
    await client.createRepository()
    const { artifact } = await client.publish('ws1', files('x'))
    // The next start repeats the last change.
    await client.createRepository('other')
    const verify = (...args: string[]) => runCommand(['verify', '--data', data, ...args])
    expect(await verify()).toMatchObject({
      code: 0,
      output: expect.stringContaining('1 revisions and 2 blobs'),
    })
    // No other process can open the data meanwhile.
    for (const command of ['serve', 'reindex']) {
      const second = await runCommand([command, '--data', data, '--listen', '127.0.0.1:0'])
      expect(second).toMatchObject({
        code: 1,
        log: expect.stringContaining('another pkgserver is using'),
      })
    }
    await stop()
    await rm(join(data, 'registry/repositories/blueprints/nf/upf/_tags/v1'))
    expect(await verify()).toMatchObject({
      code: 1,
      output: expect.stringContaining(
        `the tag v1 is missing: it should point to ${artifact.digest}; --fix will set it`,
      ),
    })
    expect(await verify('--fix')).toMatchObject({
      code: 0,
      output: expect.stringContaining('repaired: set it'),
    })
    expect(await verify()).toMatchObject({ code: 0, output: expect.stringContaining('no difference') })
  })
})
