/** Uploads of objects that are too large for one request. The last request makes the object visible as a whole. */
import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { mapConcurrently } from '../../../core/concurrency.ts'
import type { Bucket } from './bucket.ts'
import { headOf, WRITE } from './head.ts'
import { endless } from './list.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { S3Error } from './s3-error.ts'

const MIB = 1024 * 1024
/** Smaller objects are sent in one request, which is simpler and faster. */
export const MIN_PART = 8 * MIB
/** The limit of S3. */
const MAX_PARTS = 10_000
/** Parts of one object in flight. */
const PARALLEL = 4

type Part = { PartNumber: number; ETag: string | undefined }
type Upload = { Bucket: string; Key: string; UploadId: string }
type ReadPart = (start: number, length: number) => Promise<Uint8Array>

/** Returns the part size in bytes: whole MiB, and large enough for the limit on parts. */
export function partSizeOf(size: number): number {
  return Math.max(MIN_PART, Math.ceil(size / MAX_PARTS / MIB) * MIB)
}

export class MultipartUploads {
  readonly #bucket: Bucket
  readonly #memory: MemoryBudget
  /** The ids of the uploads in flight in this process. */
  readonly #inFlight = new Set<string>()

  constructor(bucket: Bucket, memory: MemoryBudget) {
    this.#bucket = bucket
    this.#memory = memory
  }

  async put(key: string, size: number, readPart: ReadPart): Promise<void> {
    const doing = `writing ${key} in parts`
    // Identifies the object as ours if the last response is lost, as with conditional writes.
    const write = randomUUID()
    const command = new CreateMultipartUploadCommand({
      ...this.#bucket.at(key),
      Metadata: { [WRITE]: write },
    })
    const { UploadId = '' } = await this.#bucket.send(doing, (client) => client.send(command))
    const upload = { ...this.#bucket.at(key), UploadId }
    this.#inFlight.add(UploadId)
    try {
      const parts = await this.#sendParts(doing, upload, size, readPart)
      await this.#complete(doing, key, write, upload, parts)
    } catch (error) {
      // Parts cost money until they are dropped. If this fails too, `dropUnfinished` drops them later.
      await this.#abort(upload).catch(() => undefined)
      throw error
    } finally {
      this.#inFlight.delete(UploadId)
    }
  }

  /** Drops uploads begun before a time by processes that have since died. Returns how many. */
  async dropUnfinished(before: number): Promise<number> {
    let dropped = 0
    for await (const { Key = '', UploadId = '', Initiated } of this.#unfinished()) {
      if (this.#inFlight.has(UploadId) || !Initiated || Initiated.getTime() >= before) continue
      await this.#abort({ Bucket: this.#bucket.name, Key, UploadId })
      dropped++
    }
    return dropped
  }

  async #sendParts(doing: string, upload: Upload, size: number, readPart: ReadPart): Promise<Part[]> {
    const partSize = partSizeOf(size)
    const starts = Array.from({ length: Math.ceil(size / partSize) }, (_, index) => index * partSize)
    const send = async (start: number): Promise<Part> => {
      const number = start / partSize + 1
      const bytes = await readPart(start, Math.min(partSize, size - start))
      const command = new UploadPartCommand({ ...upload, PartNumber: number, Body: bytes })
      const { ETag } = await this.#bucket.send(doing, (client) => client.send(command))
      return { PartNumber: number, ETag }
    }
    return mapConcurrently(starts, (start) => this.#memory.run(partSize, () => send(start)), PARALLEL)
  }

  async #complete(doing: string, key: string, write: string, upload: Upload, parts: Part[]): Promise<void> {
    const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } })
    try {
      await this.#bucket.send(doing, (client) => client.send(command))
    } catch (error) {
      // If the response to the first attempt was lost, a retry finds that the upload no longer exists.
      const gone = error instanceof S3Error && error.code === 'NoSuchUpload'
      if (!gone || (await headOf(this.#bucket, key))?.write !== write) throw error
    }
  }

  async #abort(upload: Upload): Promise<void> {
    try {
      await this.#bucket.send(`dropping an unfinished upload of ${upload.Key}`, (client) =>
        client.send(new AbortMultipartUploadCommand(upload)),
      )
    } catch (error) {
      if (!(error instanceof S3Error && error.code === 'NoSuchUpload')) throw error
    }
  }

  async *#unfinished(): AsyncGenerator<MultipartUpload> {
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {}
    while (markers) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
        Bucket: this.#bucket.name,
        Prefix: this.#bucket.prefix,
        ...markers,
      })
      const answer = await this.#bucket.send('listing unfinished uploads', (client) => client.send(command))
      yield* answer.Uploads ?? []
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = answer
      const isSame = NextKeyMarker === markers.KeyMarker && NextUploadIdMarker === markers.UploadIdMarker
      if (IsTruncated && isSame) throw endless('unfinished uploads')
      markers = IsTruncated ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } : undefined
    }
  }
}
