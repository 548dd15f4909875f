/** An S3 bucket in memory. Its methods are synchronous, so comparing and writing is one step. */
import { createHash, randomUUID } from 'node:crypto'

export type S3Object = {
  bytes: Buffer
  etag: string
  modified: Date
  metadata: Record<string, string>
}

type Multipart = {
  key: string
  initiated: Date
  metadata: Record<string, string>
  parts: Map<number, { bytes: Buffer; etag: string }>
}

export type Honours = {
  /** The conditions to check. Some servers ignore them. */
  ifNoneMatch: boolean
  ifMatch: boolean
  ifMatchOnDelete: boolean
  /** Lists show the objects; otherwise they are empty. */
  lists: boolean
  /** The pages of a list end; otherwise each leads to the same one. */
  endsLists: boolean
  /** A missing object is 404; otherwise 403, as for clients that may not list the whole bucket. */
  tellsMissing: boolean
}

export type Conditions = { ifMatch?: string | undefined; ifNoneMatch?: string | undefined }

export class FakeS3Error extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(`the fake answers ${code}`)
    this.status = status
    this.code = code
  }
}

const MIN_PART = 5 * 1024 * 1024

export class FakeBucket {
  readonly objects = new Map<string, S3Object>()
  readonly multiparts = new Map<string, Multipart>()
  readonly honours: Honours

  constructor(honours: Honours) {
    this.honours = honours
  }

  object(key: string): S3Object {
    const object = this.objects.get(key)
    if (!object) throw this.#missing()
    return object
  }

  put(key: string, bytes: Buffer, metadata: Record<string, string>, { ifMatch, ifNoneMatch }: Conditions) {
    const there = this.objects.get(key)
    if (this.honours.ifNoneMatch && ifNoneMatch === '*' && there)
      throw new FakeS3Error(412, 'PreconditionFailed')
    if (this.honours.ifMatch && ifMatch !== undefined) {
      if (!there) throw this.#missing()
      if (there.etag !== ifMatch) throw new FakeS3Error(412, 'PreconditionFailed')
    }
    const object = { bytes, etag: etagOf(bytes), modified: new Date(), metadata }
    this.objects.set(key, object)
    return object
  }

  delete(key: string, { ifMatch }: Conditions): void {
    if (this.honours.ifMatchOnDelete && ifMatch !== undefined && this.object(key).etag !== ifMatch) {
      throw new FakeS3Error(412, 'PreconditionFailed')
    }
    this.objects.delete(key)
  }

  create(key: string, metadata: Record<string, string>): string {
    const id = randomUUID()
    this.multiparts.set(id, { key, initiated: new Date(), metadata, parts: new Map() })
    return id
  }

  putPart(id: string, number: number, bytes: Buffer): string {
    const etag = etagOf(bytes)
    this.#multipart(id).parts.set(number, { bytes, etag })
    return etag
  }

  complete(id: string, named: { number: number; etag: string }[]): S3Object & { key: string } {
    const { key, metadata, parts } = this.#multipart(id)
    const chosen = named.map(({ number, etag }, at) => {
      const part = parts.get(number)
      if (part?.etag !== etag) throw new FakeS3Error(400, 'InvalidPart')
      if (number <= (named[at - 1]?.number ?? 0)) throw new FakeS3Error(400, 'InvalidPartOrder')
      const isLast = at === named.length - 1
      if (!isLast && part.bytes.length < MIN_PART) throw new FakeS3Error(400, 'EntityTooSmall')
      return part.bytes
    })
    const bytes = Buffer.concat(chosen)
    const etag = etagOf(bytes).replace(/"$/, `-${named.length}"`)
    const object = { bytes, etag, modified: new Date(), metadata }
    this.objects.set(key, object)
    this.multiparts.delete(id)
    return { ...object, key }
  }

  abort(id: string): void {
    this.#multipart(id)
    this.multiparts.delete(id)
  }

  /** Returns a page of ListObjectsV2: keys and common prefixes in byte order. */
  list(query: { prefix: string; delimiter: string; after: string; limit: number }) {
    const { prefix, delimiter, after, limit } = query
    if (prefix === '' && !this.honours.tellsMissing) throw new FakeS3Error(403, 'AccessDenied')
    const entries = new Map<string, S3Object | undefined>()
    for (const key of [...this.objects.keys()].sort()) {
      if (!key.startsWith(prefix) || !this.honours.lists) continue
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const name = end < 0 ? key : key.slice(0, end + delimiter.length)
      if (name > after && !(end >= 0 && after.startsWith(name))) {
        entries.set(name, end < 0 ? this.objects.get(key) : undefined)
      }
    }
    const page = [...entries].slice(0, limit)
    if (!this.honours.endsLists) return { page, last: prefix }
    return { page, last: page.length < entries.size ? page.at(-1)?.[0] : undefined }
  }

  #missing(): FakeS3Error {
    return this.honours.tellsMissing
      ? new FakeS3Error(404, 'NoSuchKey')
      : new FakeS3Error(403, 'AccessDenied')
  }

  #multipart(id: string): Multipart {
    const multipart = this.multiparts.get(id)
    if (!multipart) throw new FakeS3Error(404, 'NoSuchUpload')
    return multipart
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}
