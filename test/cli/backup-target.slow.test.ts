/** The files that `pkgserver backup` writes, and that `restore` reads: pipes, links and devices, too. */
import { execFile } from 'node:child_process'
import { lstat, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { writeBackup } from '../../src/cli/backup.ts'
import { folderApp } from '../support/app.ts'
import { PKGSERVER, runCommand } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function dataFolder(): Promise<string> {
  const app = await folderApp()
  await app.client.createRepository()
  await app.client.publish('ws1')
  await app.close()
  return app.data
}

/** Runs a line of the shell in a folder; in it, "$@" is pkgserver with the data folder to be given as `$data`. */
async function shell(
  folder: string,
  data: string,
  line: string,
): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH, data }
  return promisify(execFile)('sh', ['-ec', line, 'sh', ...PKGSERVER], { cwd: folder, env })
}

async function expectBackup(file: string): Promise<void> {
  const data = await temporaryFolder()
  expect(await runCommand(['restore', file, '--data', data])).toMatchObject({ code: 0, log: '' })
  const { client } = await folderApp(data)
  expect((await client.ok('GET', '/packagerevisions')).items).toHaveLength(1)
}

describe('pkgserver backup', () => {
  it.each([
    ['-', '"$@" backup - --data "$data" > out.tar'],
    ['- in a pipe', '"$@" backup - --data "$data" | cat > out.tar'],
    ['a name of standard output', '"$@" backup /dev/fd/1 --data "$data" > out.tar'],
    ['a name of standard output that is a pipe', '"$@" backup /dev/fd/1 --data "$data" | cat > out.tar'],
    [
      'a pipe with a name',
      'mkfifo p; cat p > out.tar & "$@" backup p --data "$data" >&2; wait; test -p p; rm p',
    ],
  ])('writes to standard output and to pipes: %s', async (_, line) => {
    const folder = await temporaryFolder()
    const { stderr } = await shell(folder, await dataFolder(), line)
    expect(stderr).toMatch(/^wrote .*: [0-9]+ bytes in [0-9]+ ms\n$/)
    expect(await readdir(folder)).toEqual(['out.tar'])
    await expectBackup(join(folder, 'out.tar'))
  })

  it('leaves devices and links what they are', async () => {
    const data = await dataFolder()
    const folder = await temporaryFolder()
    const links = { device: '/dev/null', file: join(folder, 'out.tar'), new: join(folder, 'new.tar') }
    await writeFile(links.file, 'an older backup')
    for (const [name, target] of Object.entries(links)) {
      await symlink(target, join(folder, name))
      const made = await runCommand(['backup', join(folder, name), '--data', data])
      expect(made).toMatchObject({ code: 0, log: '', output: expect.stringContaining('wrote') })
      expect(await readlink(join(folder, name))).toBe(target)
    }
    expect((await readdir(folder)).sort()).toEqual(['device', 'file', 'new', 'new.tar', 'out.tar'])
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true)
    for (const file of [links.file, links.new]) await expectBackup(file)
  })

  it('is whole though another one is written to the same file, also behind a link to no file', async () => {
    const file = join(await temporaryFolder(), 'link')
    await symlink('out.tar', file)
    const { promise: both, resolve } = Promise.withResolvers<void>()
    let begun = 0
    const content = async function* (text: string) {
      yield Buffer.from(text)
      if (++begun === 2) resolve()
      await both
      yield Buffer.from(text)
    }
    await Promise.all(['one', 'another'].map((text) => writeBackup(() => content(text), file)))
    expect(['oneone', 'anotheranother']).toContain(await readFile(file, 'utf8'))
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('leaves an older backup as it is if it fails, and refuses a folder', async () => {
    const data = await dataFolder()
    const folder = await temporaryFolder()
    const file = join(folder, 'out.tar')
    await writeFile(file, 'an older backup')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('the beginning of a backup')
      throw new Error('the disk is full')
    }
    await expect(writeBackup(broken, file)).rejects.toThrow('the disk is full')
    expect(await readFile(file, 'utf8')).toBe('an older backup')
    expect(await readdir(folder)).toEqual(['out.tar'])
    expect(await runCommand(['backup', '', '--data', data])).toMatchObject({
      code: 2,
      log: 'pkgserver: the name of the file is empty; - is standard output\n',
    })
    expect(await runCommand(['backup', folder, '--data', data])).toMatchObject({
      code: 2,
      log: `pkgserver: ${folder} is a folder: name a file in it\n`,
    })
  })

  it.each(['backup', 'gc', 'verify'])('is refused without data, and makes no folder: %s', async (command) => {
    const folder = await temporaryFolder()
    const missing = join(folder, 'missing')
    for (const data of [missing, folder]) {
      const file = command === 'backup' ? [join(folder, 'out.tar')] : []
      const { code, log, output } = await runCommand([command, ...file, '--data', data])
      expect({ code, output }).toEqual({ code: 1, output: '' })
      expect(log).toContain(`pkgserver: ${data} is no data folder`)
    }
    expect(await readdir(folder)).toEqual([])
  })
})

describe('pkgserver restore', () => {
  it('reads standard input', async () => {
    const folder = await temporaryFolder()
    await shell(folder, await dataFolder(), '"$@" backup - --data "$data" | "$@" restore - --data copy')
    const { client } = await folderApp(join(folder, 'copy'))
    expect((await client.ok('GET', '/packagerevisions')).items).toHaveLength(1)
  })

  it('says in a sentence that there is no such file, and makes no folder', async () => {
    const folder = await temporaryFolder()
    const data = join(folder, 'data')
    const { code, log } = await runCommand(['restore', join(folder, 'missing.tar'), '--data', data])
    expect(code).toBe(2)
    expect(log).toMatch(/^pkgserver: ENOENT: .*missing\.tar'\n$/)
    expect(await readdir(folder)).toEqual([])
    const ofFolder = await runCommand(['restore', folder, '--data', data])
    expect(ofFolder.log).toMatch(/^pkgserver: EISDIR: .*\n$/)
  })
})
