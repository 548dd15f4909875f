/** Archives of tar programs that store extended attributes: bsdtar, which macOS and Windows have as tar, and GNU tar. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { unpackUpload } from '../../src/artifact/layer.ts'
import { DEFAULT_LIMITS } from '../../src/domain/resources.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { textsOf } from '../support/texts.ts'
import { describeWith, output } from './tool.ts'

const setfattr = tool('setfattr', 'test/interop/install-tools.sh installs the package attr.')
const bsdtar = tool('bsdtar')
const gnuTar = tool('tar', 'Install the package tar of your system.')

/** Of bytes that are not UTF-8, among them a line feed. */
const ATTRIBUTE = '0x00ff0afe3d'

async function folderWithAttributes(): Promise<string> {
  const folder = await temporaryFolder()
  mkdirSync(join(folder, 'files/bin'), { recursive: true })
  writeFileSync(join(folder, 'files/a.yaml'), 'a: 1\n')
  writeFileSync(join(folder, 'files/bin/ü.sh'), '#!/bin/sh\n')
  chmodSync(join(folder, 'files/bin/ü.sh'), 0o700)
  for (const path of ['files/a.yaml', 'files/bin', 'files/bin/ü.sh']) {
    await output(setfattr, ['-n', 'user.mine', '-v', ATTRIBUTE, path], { cwd: folder })
  }
  return folder
}

for (const program of [bsdtar, gnuTar]) {
  describeWith(setfattr.found ? program : setfattr, `an archive of ${program.name}`, () => {
    it('may have extended attributes of any bytes', async () => {
      const folder = await folderWithAttributes()
      await output(program, ['--format=pax', '--xattrs', '-czf', 'a.tgz', '-C', 'files', '.'], {
        cwd: folder,
      })
      const archive = readFileSync(join(folder, 'a.tgz'))
      const { resources, executables } = await unpackUpload({ archive }, DEFAULT_LIMITS)
      expect(textsOf(resources)).toEqual({ 'a.yaml': 'a: 1\n', 'bin/ü.sh': '#!/bin/sh\n' })
      expect(executables).toEqual(new Set(['bin/ü.sh']))
    })
  })
}
