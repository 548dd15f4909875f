/** Files of packages and of folders, to compare them. */
import { isUtf8 } from 'node:buffer'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Files } from '../support/client.ts'

/** Names, modes, sizes and bytes that archive tools get wrong. */
export const AWKWARD_FILES: Files = {
  'configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n',
  'nested/deeper/deepest/service.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: deep\n',
  // "nested-" sorts before "nested/".
  'nested-sibling.txt': 'sibling\n',
  'with space/a file.txt': 'space\n',
  'größe/日本語 ☕.txt': 'nicht nur ASCII: ☕\n',
  [`long/${'x'.repeat(120)}/${'y'.repeat(200)}.txt`]: 'longer than the name field of a tar header\n',
  '.hidden/.keep': '',
  'empty.txt': '',
  'crlf.txt': 'one\r\ntwo\r\n',
  'no-newline.txt': 'end',
  'binary.bin': { base64: Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i)).toString('base64') },
  // A size that is a whole number of tar blocks.
  'block.bin': { base64: Buffer.alloc(1024, 0xfe).toString('base64') },
}

export const EXECUTABLES: Files = {
  'bin/run.sh': { text: '#!/bin/sh\n', executable: true },
  'bin/tool': { base64: 'f0VMRv8=', executable: true },
}

/** Returns all files of a folder, as the API shows them. Throws for other entries, and for those that their owner cannot use. */
export async function filesOf(folder: string): Promise<Files> {
  const files: Files = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    // Trying to read it proves nothing, because root can read everything.
    const wanted = entry.isDirectory() ? 0o700 : 0o600
    const { mode } = await lstat(path)
    if ((mode & wanted) !== wanted) throw new Error(`${name}: its owner cannot use it`)
    if (entry.isDirectory()) continue
    if (!entry.isFile()) throw new Error(`${name}: neither a file nor a folder`)
    const bytes = await readFile(path)
    const content = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }
    if ((mode & 0o100) !== 0) files[name] = { ...content, executable: true }
    else files[name] = content.text ?? content
  }
  return files
}
