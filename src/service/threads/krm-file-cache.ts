import { LRUCache } from 'lru-cache'
import { type KrmFile, readKrmFile } from '../../domain/krm/krm-file.ts'
import { digestOf } from '../../oci/digest.ts'

/** Bytes of YAML; what was made of a byte takes about 20 in memory. */
const MAX_SIZE = 2 * 1024 * 1024

/** The files of an upstream are read again with the upgrade of each of its clones. */
const known = new LRUCache<string, { file: KrmFile | undefined }>({ maxSize: MAX_SIZE })

export function readKnownKrmFile(content: Uint8Array): KrmFile | undefined {
  const digest = digestOf(content)
  const found = known.get(digest)
  if (found) return found.file
  const file = readKrmFile(content)
  known.set(digest, { file }, { size: Math.max(content.byteLength, 1) })
  return file
}
