/**
 * Writes the tar of a package: its files, and a directory entry for each of their directories, as every consumer
 * takes them (design 3). The bytes depend on the paths and contents alone: a library's next release would not
 * promise that, and each change of a byte is a new layer digest for all who deploy.
 */
import type { Resources } from '../domain/resources.ts'
import { BLOCK, padded, TYPE } from './tar-format.ts'
import { tarHeader } from './tar-header.ts'

type Entry = { name: Buffer; type: string; content: Uint8Array }

const NOTHING = new Uint8Array(0)

export function writeTar(resources: Resources): Buffer {
  const entries = entriesOf(resources).map(({ content, ...entry }) => {
    return { header: tarHeader({ ...entry, size: content.byteLength }), content }
  })
  const size = entries.reduce(
    (sum, { header, content }) => sum + header.length + padded(content.byteLength),
    0,
  )
  const tar = Buffer.alloc(size + 2 * BLOCK)
  let offset = 0
  for (const { header, content } of entries) {
    tar.set(header, offset)
    tar.set(content, offset + header.length)
    offset += header.length + padded(content.byteLength)
  }
  return tar
}

/** Files in the order of their paths, each directory right before the first file below it. */
function entriesOf(resources: Resources): Entry[] {
  const entries: Entry[] = []
  const directories = new Set<string>()
  for (const [path, content] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const directory = path.slice(0, slash + 1)
      if (directories.has(directory)) continue
      directories.add(directory)
      entries.push({ name: Buffer.from(directory), type: TYPE.directory, content: NOTHING })
    }
    entries.push({ name: Buffer.from(path), type: TYPE.file, content })
  }
  return entries
}
