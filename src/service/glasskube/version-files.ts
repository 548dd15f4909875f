/** The files of published versions, kept in memory for clients that ask for the same few again and again. */
import { LRUCache } from 'lru-cache'
import { AppError } from '../../core/errors.ts'
import { MANIFEST_PATH } from '../../domain/glasskube/inspect-manifest.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Resources } from '../../domain/resources.ts'
import { digestOf } from '../../oci/digest.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer, type TakeMemory } from '../registry-content.ts'
import type { ServedFile } from './served-file.ts'

/** How a caller unpacks a package: in its turn, with memory that is counted. */
export type Unpacking = { inTurn: <T>(work: () => Promise<T>) => Promise<T>; take: TakeMemory }

/** Without the content if there is no room for it. */
type KeptFile = { size: number; digest: string; content: Uint8Array | undefined }
type Kept = { files: ReadonlyMap<string, KeptFile>; bytes: number }
type Unpacked = { kept: Kept; resources: Resources }

/** The part of the memory that one version may take. */
const PART = 1 / 8
/** The memory of an entry beside the path and the content of a file, in bytes. */
const OVERHEAD = 300

export class VersionFiles {
  readonly #ctx: Pick<ServiceContext, 'registry' | 'limits'>
  readonly #most: number
  /** By the digest of the layer, which several revisions may have. */
  readonly #kept: LRUCache<string, Kept>
  readonly #unpacking = new Map<string, Promise<Unpacked>>()

  constructor(ctx: Pick<ServiceContext, 'registry' | 'limits'>, keptBytes: number) {
    this.#ctx = ctx
    this.#most = keptBytes * PART
    this.#kept = new LRUCache({ maxSize: keptBytes, sizeCalculation: ({ bytes }) => bytes })
  }

  /** Resolves to undefined if the revision has no such file. */
  async find(revision: PackageRevision, path: string, unpacking: Unpacking): Promise<ServedFile | undefined> {
    const kept = this.#kept.get(revision.artifact.layerDigest)
    const unpacked = kept ? undefined : await this.#unpack(revision, unpacking)
    const file = (kept ?? unpacked?.kept)?.files.get(path)
    if (!file) return undefined
    const { size, digest, content } = file
    const copy = async () =>
      copied(unpacked ?? (await this.#unpack(revision, unpacking)), path, unpacking.take)
    return { size, digest, read: async () => content ?? copy() }
  }

  /** Shares the work of a request that is unpacking the same, unless that one is refused for lack of memory. */
  async #unpack(revision: PackageRevision, unpacking: Unpacking): Promise<Unpacked> {
    const { layerDigest } = revision.artifact
    const shared = this.#unpacking.get(layerDigest)
    try {
      if (shared) return await shared
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'overloaded')) throw error
    }
    const work = unpacking.inTurn(async () => {
      const { resources } = await readLayer(this.#ctx, revision, unpacking.take)
      const kept = keptOf(resources, this.#most)
      this.#kept.set(layerDigest, kept)
      return { kept, resources }
    })
    this.#unpacking.set(layerDigest, work)
    try {
      return await work
    } finally {
      if (this.#unpacking.get(layerDigest) === work) this.#unpacking.delete(layerDigest)
    }
  }
}

/** Copies the content, as what is unpacked is part of the whole archive. */
function copied({ resources }: Unpacked, path: string, take: TakeMemory): Uint8Array {
  const content = resources.get(path) ?? new Uint8Array()
  take(content.byteLength)
  return new Uint8Array(content)
}

/** Facts about all files, and the contents of package.yaml and of as many small ones as there is room for. */
function keptOf(resources: Resources, most: number): Kept {
  const files = new Map<string, KeptFile>()
  let bytes = OVERHEAD
  for (const [path, content] of smallestFirst(resources)) {
    const size = content.byteLength
    bytes += path.length + OVERHEAD
    const fits = bytes + size <= most
    if (fits) bytes += size
    files.set(path, { size, digest: digestOf(content), content: fits ? new Uint8Array(content) : undefined })
  }
  return { files, bytes }
}

function smallestFirst(resources: Resources): [string, Uint8Array][] {
  const rank = ([path, { byteLength }]: [string, Uint8Array]) => (path === MANIFEST_PATH ? -1 : byteLength)
  return [...resources].sort((a, b) => rank(a) - rank(b))
}
