import { digestOf } from '../../oci/digest.ts'

/** A file that Glasskube's clients read. */
export type ServedFile = {
  size: number
  digest: string
  read: () => Promise<Uint8Array>
}

export function textFile(text: string): ServedFile {
  const content = Buffer.from(text)
  return { size: content.byteLength, digest: digestOf(content), read: async () => content }
}
