import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/domain/resources.ts'
import { folderTree } from '../../../src/service/glasskube-source/folder-tree.ts'
import { manifest } from '../../support/glasskube.ts'
import { indexFile, packageFiles, writeTree } from '../../support/glasskube-tree.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const FOLDER = join('app', 'v1.0.0+1')

/** A tree of one package in one version with these files. */
async function treeWith(files: Record<string, string | Uint8Array> = {}) {
  const folder = await temporaryFolder()
  await writeTree(folder, {
    ...indexFile({ app: 'v1.0.0+1' }),
    ...packageFiles('app', { 'v1.0.0+1': files }),
  })
  return { folder, version: join(folder, FOLDER), tree: await folderTree(folder) }
}

describe('a tree in a folder', () => {
  it('lists packages and versions, and notes folders that are not listed', async () => {
    const { folder, tree } = await treeWith()
    await writeTree(folder, {
      'lost/versions.yaml': '',
      '.git/config': '',
      'README.md': '',
      'app/v2.0.0/package.yaml': '',
    })
    expect(await tree.packages()).toEqual({
      packages: [{ name: 'app', latestVersion: 'v1.0.0+1' }],
      notes: [{ path: 'lost', note: 'index.yaml does not list this folder, so it is left out' }],
    })
    expect(await tree.versions('app')).toEqual({
      latestVersion: 'v1.0.0+1',
      folders: ['v1.0.0+1'],
      notes: [{ path: 'app/v2.0.0', note: 'versions.yaml does not list this folder, so it is left out' }],
    })
    await expect(tree.versions('lost-too')).rejects.toThrow('there is no file lost-too/versions.yaml')
  })

  it('reads all files byte for byte, hidden ones too, with the executable bit', async () => {
    const bytes = Buffer.from([0, 255, 10])
    const { version, tree } = await treeWith({
      '.test/config-values.txt': '--value a=b',
      'bin/run.sh': '#!',
      'x.bin': bytes,
    })
    await chmod(join(version, 'bin/run.sh'), 0o755)
    const files = await tree.files('app', 'v1.0.0+1', DEFAULT_LIMITS)
    expect(new Map([...(files?.resources ?? [])].sort())).toEqual(
      new Map([
        ['.test/config-values.txt', Buffer.from('--value a=b')],
        ['bin/run.sh', Buffer.from('#!')],
        ['package.yaml', Buffer.from(manifest('app'))],
        ['x.bin', bytes],
      ]),
    )
    expect(files?.executables).toEqual(new Set(['bin/run.sh']))
    expect(files?.notes).toEqual([])
    expect(await tree.files('app', 'v3.0.0', DEFAULT_LIMITS)).toBeUndefined()
  })

  it('follows links to files of the tree, and no others', async () => {
    const { folder, version, tree } = await treeWith()
    const outside = await temporaryFolder()
    await writeTree(outside, { secret: 'x', 'version/package.yaml': 'x' })
    await writeTree(folder, { 'shared.yaml': 'a: 1\n' })
    await symlink('../../shared.yaml', join(version, 'shared.yaml'))
    await symlink(join(outside, 'secret'), join(version, 'secret'))
    await symlink(outside, join(version, 'folder'))
    await symlink('..', join(version, 'loop'))
    await symlink('nowhere', join(version, 'dangling'))
    await symlink(join(outside, 'version'), join(folder, 'app', 'v2.0.0'))
    await writeTree(outside, { 'versions.yaml': 'versions: []\n' })
    await symlink(outside, join(folder, 'other'))
    execFileSync('mkfifo', [join(version, 'pipe')])
    const files = await tree.files('app', 'v1.0.0+1', DEFAULT_LIMITS)
    expect([...(files?.resources.keys() ?? [])].sort()).toEqual(['package.yaml', 'shared.yaml'])
    expect(files?.notes.map(({ path, note }) => `${path}: ${note}`).sort()).toEqual([
      'app/v1.0.0+1/dangling: it is a link to no file of the tree, and left out',
      'app/v1.0.0+1/folder: it is a link to no file of the tree, and left out',
      'app/v1.0.0+1/loop: it is a link to no file of the tree, and left out',
      'app/v1.0.0+1/pipe: it is neither a file nor a folder, and left out',
      'app/v1.0.0+1/secret: it is a link to no file of the tree, and left out',
    ])
    expect(await tree.files('app', 'v2.0.0', DEFAULT_LIMITS)).toBeUndefined()
    await expect(tree.versions('other')).rejects.toThrow('there is no file other/versions.yaml')
  })

  it('refuses a version with a file that cannot be opened', async () => {
    const { version, tree } = await treeWith()
    await writeFile(Buffer.concat([Buffer.from(`${version}/`), Buffer.from([0xff])]), '')
    await expect(tree.files('app', 'v1.0.0+1', DEFAULT_LIMITS)).rejects.toMatchObject({
      code: 'invalid',
      message: 'cannot read (ENOENT) app/v1.0.0+1/\ufffd',
    })
  })

  it('notes manifests that are missing, or outside of the version', async () => {
    const manifests = ['a.yaml', './b.yaml', '../c.yaml', 'https://example.com/d.yaml'].map((url) => ({
      url,
    }))
    const { tree } = await treeWith({ 'package.yaml': manifest('app', { manifests }), 'a.yaml': 'a: 1\n' })
    expect((await tree.files('app', 'v1.0.0+1', DEFAULT_LIMITS))?.notes).toEqual([
      { path: 'app/v1.0.0+1', note: 'its manifest b.yaml is missing' },
      { path: 'app/v1.0.0+1', note: 'its manifest ../c.yaml is outside of the version, and left out' },
    ])
  })

  it('refuses versions over the limits', async () => {
    const { tree } = await treeWith({ a: 'x'.repeat(1000), b: 'x'.repeat(1000), c: '' })
    const read = (limits: object) => tree.files('app', 'v1.0.0+1', { ...DEFAULT_LIMITS, ...limits })
    await expect(read({ maxBytes: 1500 })).rejects.toMatchObject({ code: 'too_large' })
    await expect(read({ maxFiles: 3 })).rejects.toMatchObject({ code: 'too_large' })
    expect((await read({ maxFiles: 4 }))?.resources.size).toBe(4)
  })

  it('must have an index.yaml that is a file of its own', async () => {
    await expect(folderTree('/no/such/folder')).rejects.toThrow('there is no folder /no/such/folder')
    const { folder } = await treeWith()
    await rm(join(folder, 'index.yaml'))
    await expect(folderTree(folder)).rejects.toThrow('has no index.yaml')
    await symlink('/etc/hostname', join(folder, 'index.yaml'))
    await expect(folderTree(folder)).rejects.toThrow('has no index.yaml')
    await rm(join(folder, 'index.yaml'))
    await mkdir(join(folder, 'index.yaml'))
    await expect(folderTree(folder)).rejects.toThrow('has no index.yaml')
  })

  it('refuses an index that is too large', async () => {
    const { folder, tree } = await treeWith()
    await writeTree(folder, { 'index.yaml': Buffer.alloc(5 * 1024 * 1024, 'a') })
    await expect(tree.packages()).rejects.toMatchObject({ code: 'too_large' })
  })
})
