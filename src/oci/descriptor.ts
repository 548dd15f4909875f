/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
import { type Algorithm, digestOf } from './digest.ts'

export type Annotations = Readonly<Record<string, string>>

export type Descriptor = {
  mediaType: string
  digest: string
  /** In bytes. */
  size: number
  artifactType?: string
  annotations?: Annotations
  urls?: readonly string[]
}

export function describe(mediaType: string, bytes: Uint8Array, algorithm: Algorithm = 'sha256'): Descriptor {
  return { mediaType, digest: digestOf(bytes, algorithm), size: bytes.byteLength }
}
