/** Objects that are too large for one request. They come into being with the last one, all at once. */
import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { mapConcurrently } from '../../concurrency.ts'
import type { Bucket } from './bucket.ts'
import { headOf, WRITE } from './head.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { S3Error } from './s3-error.ts'

const MIB = 1024 * 1024
/** Up to here one request is simpler and faster, and from here on a part. */
export const MIN_PART = 8 * MIB
/** What S3 takes. */
const MAX_PARTS = 10_000
/** Of one object, at a time. */
const PARALLEL = 4

type Part = { PartNumber: number; ETag: string | undefined }
type Upload = { Bucket: string; Key: string; UploadId: string }
type ReadPart = (start: number, length: number) => Promise<Uint8Array>

/** In bytes: whole MiB, and so many that there are not too many parts. */
export function partSizeOf(size: number): number {
  return Math.max(MIN_PART, Math.ceil(size / MAX_PARTS / MIB) * MIB)
}

export class Multiparts {
  readonly #bucket: Bucket
  readonly #memory: MemoryBudget
  /** The ids of those that this process is at work on. */
  readonly #underWay = new Set<string>()

  constructor(bucket: Bucket, memory: MemoryBudget) {
    this.#bucket = bucket
    this.#memory = memory
  }

  async put(key: string, size: number, readPart: ReadPart): Promise<void> {
    const doing = `writing ${key} in parts`
    // As with conditional writes, it tells whether what is there is from here.
    const write = randomUUID()
    const command = new CreateMultipartUploadCommand({
      ...this.#bucket.at(key),
      Metadata: { [WRITE]: write },
    })
    const { UploadId = '' } = await this.#bucket.send(doing, (client) => client.send(command))
    const upload = { ...this.#bucket.at(key), UploadId }
    this.#underWay.add(UploadId)
    try {
      const parts = await this.#sendParts(doing, upload, size, readPart)
      await this.#complete(doing, key, write, upload, parts)
    } catch (error) {
      // The parts cost money until they are dropped; where that fails too, `dropUnfinished` does it.
      await this.#abort(upload).catch(() => undefined)
      throw error
    } finally {
      this.#underWay.delete(UploadId)
    }
  }

  /** Drops what was begun before a time by processes that are gone. Resolves to how many there were. */
  async dropUnfinished(before: number): Promise<number> {
    let dropped = 0
    for await (const { Key = '', UploadId = '', Initiated } of this.#unfinished()) {
      if (this.#underWay.has(UploadId) || !Initiated || Initiated.getTime() >= before) continue
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
      // A try whose answer was lost has completed it, and the next one finds no upload any more.
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
      markers = IsTruncated ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } : undefined
    }
  }
}
