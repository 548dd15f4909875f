import { LRUCache } from 'lru-cache'
import { type KrmFile, readKrmFile } from '../../domain/krm/krm-file.ts'
import { digestOf } from '../../oci/digest.ts'

/** Bytes of YAML. A parsed file takes about 20 times as much memory. */
const MAX_SIZE = 2 * 1024 * 1024

/** Every upgrade of a clone reads the files of the same upstream. */
const known = new LRUCache<string, { file: KrmFile | undefined }>({ maxSize: MAX_SIZE })

/** Reads a KRM file, from the cache if this thread has read the same bytes before. */
export function readKnownKrmFile(content: Uint8Array): KrmFile | undefined {
  const digest = digestOf(content)
  const found = known.get(digest)
  if (found) return found.file
  const file = readKrmFile(content)
  known.set(digest, { file }, { size: Math.max(content.byteLength, 1) })
  return file
}
