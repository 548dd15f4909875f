/**
 * Keys as objects of a bucket: of S3, or of what speaks its protocol. Several processes may have a store on one
 * bucket. This file brings the SDK with it, whose loading takes a while: import it when a store is opened.
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
import { type Abilities, probe } from './abilities.ts'
import { Bucket } from './bucket.ts'
import { deleteIf, putIf } from './conditions.ts'
import { headOf } from './head.ts'
import { Links } from './links.ts'
import { listFolder } from './list.ts'
import { MemoryBudget } from './memory-budget.ts'
import { MIN_PART, Multiparts } from './multipart.ts'
import { openObject } from './object-stream.ts'
import { isRefused } from './s3-error.ts'
import type { S3Options } from './s3-options.ts'

/** Of uploads that are being sent, in bytes. */
const IN_MEMORY = 64 * 1024 * 1024
/** So often a small object is read from its beginning at most. */
const READS = 5

export class S3Store implements BlobStore {
  readonly shared = true
  readonly #bucket: Bucket
  readonly #spool: string
  readonly #links: Links | undefined
  readonly #memory = new MemoryBudget(IN_MEMORY)
  readonly #multiparts: Multiparts
  readonly #uploads = new Set<SpoolUpload>()
  /** Requests to S3 may overtake each other: those that change one key are sent one after the other. */
  readonly #locks = new KeyedLock()
  /** What the server does. Until `probe` has found out, what S3 does. */
  #abilities: Abilities = { creates: true, replaces: true, deletes: true, atomic: true, lists: true }

  private constructor(bucket: Bucket, spool: string, links: Links | undefined) {
    this.#bucket = bucket
    this.#spool = spool
    this.#links = links
    this.#multiparts = new Multiparts(bucket, this.#memory)
  }

  /** Sends nothing yet: `probe` finds out whether it is any good. */
  static async open(options: S3Options): Promise<S3Store> {
    await rm(options.spool, { recursive: true, force: true })
    await makeFolder(options.spool)
    const links = options.redirects ? await Links.open(options) : undefined
    return new S3Store(await Bucket.open(options), options.spool, links)
  }

  /**
   * Finds out, by trying, what the server does of all that several processes need, and makes up for what it does not
   * as far as one process can. Throws AppError `unavailable`, saying what to do, where the bucket cannot be used.
   */
  async probe(): Promise<Abilities> {
    this.#abilities = await probe(this.#bucket)
    return this.#abilities
  }

  /** Ends the uploads that nobody has ended, and the connections. */
  async close(): Promise<void> {
    for (const upload of this.#uploads) await upload.abort()
    this.#bucket.close()
    this.#links?.close()
  }

  async get(key: string): Promise<Stored | undefined> {
    for (let attempt = 1; ; attempt++) {
      const object = await openObject(this.#bucket, key)
      if (!object) return undefined
      try {
        return { bytes: await readAll(object.stream, Number.POSITIVE_INFINITY), version: object.version }
      } catch (error) {
        // Cut off, and replaced before it could be read on: what is there now is as good.
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
        const { creates, replaces } = this.#abilities
        if (expected === null ? creates : replaces) return putIf(this.#bucket, key, bytes, expected)
        if ((await this.#versionOf(key)) !== expected) return false
      }
      await this.#put(key, bytes)
      return true
    })
  }

  /** S3 does not say what it has deleted, if anything, so that is asked before. */
  async delete(key: string, expected?: string): Promise<boolean> {
    return this.#locks.run(key, async () => {
      const version = await this.#versionOf(key)
      if (version === null || (expected !== undefined && version !== expected)) return false
      if (expected !== undefined && this.#abilities.deletes) return deleteIf(this.#bucket, key, expected)
      await this.#bucket.send(`deleting ${key}`, (client) =>
        client.send(new DeleteObjectCommand(this.#bucket.at(key))),
      )
      return true
    })
  }

  async list(folder: string, page?: Page): Promise<Child[]> {
    return listFolder(this.#bucket, folder, page)
  }

  async link(key: string): Promise<URL | undefined> {
    return this.#links?.to(key)
  }

  async upload(): Promise<BlobUpload> {
    const upload = new SpoolUpload(new SpoolFile(join(this.#spool, randomUUID())), {
      // S3 cannot rename what it has, so what is taken in stays here until it has a key.
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
    return this.#multiparts.dropUnfinished(before)
  }

  async ping(): Promise<void> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket.name,
      Prefix: this.#bucket.prefix,
      MaxKeys: 1,
    })
    await this.#bucket.send(`asking for the bucket ${this.#bucket.name}`, (client) => client.send(command))
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
    if (file.size > MIN_PART) await this.#multiparts.put(key, file.size, read)
    else await this.#memory.run(file.size, async () => this.#put(key, await read(0, file.size)))
  }
}
