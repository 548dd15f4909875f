import { existsSync } from 'node:fs'
import { stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder } from '../../src/core/folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe('makeFolder', () => {
  it('creates a folder and its parents, also where a link leads and twice at once', async () => {
    const folder = await temporaryFolder()
    await symlink(folder, join(folder, 'link'))
    const wanted = join(folder, 'link/a/b/c')
    await Promise.all([makeFolder(wanted), makeFolder(wanted)])
    await makeFolder(wanted)
    expect((await stat(join(folder, 'a/b/c'))).isDirectory()).toBe(true)
  })

  it('fails on a file', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeFolder(join(file, 'a'))).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it.skipIf(!existsSync('/proc/self'))('fails where no folder can be created', async () => {
    await expect(makeFolder('/proc/a/b')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
