/**
 * Stores keys as objects of a bucket in S3, or in a server that speaks its protocol. Several processes may share a
 * bucket. The SDK takes a while to load, so import this file only when a store is opened.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { makeFolder } from '../../../core/folder.ts'
import { KeyedLock } from '../../../core/keyed-lock.ts'
import { readAll, type Stream } from '../../../oci/content.ts'
import type { BlobStore, BlobUpload, Child, Expected, Page, Range, Stat, Stored } from '../blob-store.ts'
import { SpoolFile } from '../spool-file.ts'
import { SpoolUpload } from '../spool-upload.ts'
import { Bucket } from './bucket.ts'
import { type Capabilities, probe } from './capabilities.ts'
import { deleteIf, putIf } from './conditional-writes.ts'
import { headOf } from './head.ts'
import { listFolder } from './list.ts'
import { MemoryBudget } from './memory-budget.ts'
import { MIN_PART, MultipartUploads } from './multipart-uploads.ts'
import { openObject } from './object-stream.ts'
import { PresignedUrls } from './presigned-urls.ts'
import { isRefused } from './s3-error.ts'
import type { S3Options } from './s3-options.ts'

/** Memory for uploads being sent, in bytes. */
const IN_MEMORY = 64 * 1024 * 1024
/** How often `get` starts over when an object is replaced while it is read. */
const READS = 5

export class S3Store implements BlobStore {
  readonly shared = true
  readonly #bucket: Bucket
  readonly #spool: string
  readonly #downloadUrls: PresignedUrls | undefined
  readonly #memory = new MemoryBudget(IN_MEMORY)
  readonly #multipartUploads: MultipartUploads
  readonly #uploads = new Set<SpoolUpload>()
  /** Requests to S3 may overtake each other, so writes of a key are sent one at a time. */
  readonly #locks = new KeyedLock()
  /** Those of S3 itself, until `probe` has tested the server. */
  #capabilities: Capabilities = { creates: true, replaces: true, deletes: true, atomic: true, lists: true }

  private constructor(bucket: Bucket, spool: string, downloadUrls: PresignedUrls | undefined) {
    this.#bucket = bucket
    this.#spool = spool
    this.#downloadUrls = downloadUrls
    this.#multipartUploads = new MultipartUploads(bucket, this.#memory)
  }

  /** Does not send any request: `probe` tests whether the store can be used. */
  static async open(options: S3Options): Promise<S3Store> {
    await rm(options.spool, { recursive: true, force: true })
    await makeFolder(options.spool)
    const downloadUrls = options.redirects ? await PresignedUrls.open(options) : undefined
    return new S3Store(await Bucket.open(options), options.spool, downloadUrls)
  }

  /**
   * Tests whether the server has the capabilities that several processes need. Conditions that it ignores are compared
   * by this store from now on, which is safe within one process. Throws AppError `unavailable`, with advice, if the
   * bucket cannot be used.
   */
  async probe(): Promise<Capabilities> {
    this.#capabilities = await probe(this.#bucket)
    return this.#capabilities
  }

  /** Aborts unfinished uploads and closes the connections. */
  async close(): Promise<void> {
    for (const upload of this.#uploads) await upload.abort()
    this.#bucket.close()
    this.#downloadUrls?.close()
  }

  async get(key: string): Promise<Stored | undefined> {
    for (let attempt = 1; ; attempt++) {
      const object = await openObject(this.#bucket, key)
      if (!object) return undefined
      try {
        return { bytes: await readAll(object.stream, Number.POSITIVE_INFINITY), version: object.version }
      } catch (error) {
        // The connection was cut and the object replaced before it could be resumed: read the new version.
        if (!isRefused(error) || attempt === READS) throw error
      }
    }
  }

  async stat(key: string): Promise<Stat | undefined> {
    const head = await headOf(this.#bucket, key)
    return head && { size: head.size, modified: head.modified }
  }

  async read(key: string, range?: Range): Promise<Stream | undefined> {
    return (await openObject(this.#bucket, key, range))?.stream
  }

  async put(key: string, bytes: Uint8Array, expected?: Expected): Promise<boolean> {
    return this.#locks.run(key, async () => {
      if (expected !== undefined) {
        const { creates, replaces } = this.#capabilities
        if (expected === null ? creates : replaces) return putIf(this.#bucket, key, bytes, expected)
        if ((await this.#versionOf(key)) !== expected) return false
      }
      await this.#put(key, bytes)
      return true
    })
  }

  /** Reads the version first, because S3 does not report whether it has deleted anything. */
  async delete(key: string, expected?: string): Promise<boolean> {
    return this.#locks.run(key, async () => {
      const version = await this.#versionOf(key)
      if (version === null || (expected !== undefined && version !== expected)) return false
      if (expected !== undefined && this.#capabilities.deletes) return deleteIf(this.#bucket, key, expected)
      await this.#bucket.send(`deleting ${key}`, (client) =>
        client.send(new DeleteObjectCommand(this.#bucket.at(key))),
      )
      return true
    })
  }

  async list(folder: string, page?: Page): Promise<Child[]> {
    return listFolder(this.#bucket, folder, page)
  }

  async downloadUrl(key: string): Promise<URL | undefined> {
    return this.#downloadUrls?.to(key)
  }

  async upload(): Promise<BlobUpload> {
    const upload = new SpoolUpload(new SpoolFile(join(this.#spool, randomUUID())), {
      // S3 cannot rename objects, so the bytes stay in a local file until they have a key.
      store: async (key, file) => {
        await this.#locks.run(key, () => this.#send(key, file))
        await file.drop()
      },
      ended: () => this.#uploads.delete(upload),
    })
    this.#uploads.add(upload)
    return upload
  }

  async dropUnfinished(before: number): Promise<number> {
    return this.#multipartUploads.dropUnfinished(before)
  }

  async ping(): Promise<void> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket.name,
      Prefix: this.#bucket.prefix,
      MaxKeys: 1,
    })
    await this.#bucket.send(`accessing the bucket ${this.#bucket.name}`, (client) => client.send(command))
  }

  async #versionOf(key: string): Promise<Expected> {
    return (await headOf(this.#bucket, key))?.version ?? null
  }

  async #put(key: string, bytes: Uint8Array): Promise<void> {
    const command = new PutObjectCommand({ ...this.#bucket.at(key), Body: bytes })
    await this.#bucket.send(`writing ${key}`, (client) => client.send(command))
  }

  async #send(key: string, file: SpoolFile): Promise<void> {
    const read = (start: number, length: number) => file.part(start, length)
    if (file.size > MIN_PART) await this.#multipartUploads.put(key, file.size, read)
    else await this.#memory.run(file.size, async () => this.#put(key, await read(0, file.size)))
  }
}
