/** The S3 operations that the store uses, chosen by the method and query of a request. */
import { type Conditions, type FakeBucket, FakeS3Error, type S3Object } from './fake-bucket.ts'
import { elements, xml } from './fake-xml.ts'

export type FakeRequest = {
  method: string
  key: string
  query: URLSearchParams
  headers: Record<string, string | undefined>
  body: Buffer
}

export type FakeAnswer = { status: number; headers?: Record<string, string | number>; body?: Buffer | string }

/** Returns the name of the operation that a request asks for. */
export function operationOf({ method, key, query }: Pick<FakeRequest, 'method' | 'key' | 'query'>): string {
  if (key === '') {
    if (query.has('uploads')) return 'ListMultipartUploads'
    if (query.has('delete')) return 'DeleteObjects'
    return method === 'HEAD' ? 'HeadBucket' : 'ListObjectsV2'
  }
  if (query.has('uploads')) return 'CreateMultipartUpload'
  if (query.has('uploadId')) return OF_UPLOADS[method] ?? 'unknown'
  return OF_OBJECTS[method] ?? 'unknown'
}

const OF_UPLOADS: Record<string, string> = {
  PUT: 'UploadPart',
  POST: 'CompleteMultipartUpload',
  DELETE: 'AbortMultipartUpload',
}

const OF_OBJECTS: Record<string, string> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
}

type Operation = (bucket: FakeBucket, request: FakeRequest) => FakeAnswer

export const OPERATIONS: Record<string, Operation> = {
  HeadBucket: () => ({ status: 200 }),

  PutObject: (bucket, { key, headers, body }) => {
    const { etag } = bucket.put(key, bodyOf(headers, body), metadataOf(headers), conditionsOf(headers))
    return { status: 200, headers: { ETag: etag } }
  },

  GetObject: (bucket, request) => rangeOf(conditional(bucket.object(request.key), request), request),

  HeadObject: (bucket, request) => {
    const object = conditional(bucket.object(request.key), request)
    return { status: 200, headers: { ...headersOf(object), 'Content-Length': object.bytes.length } }
  },

  DeleteObject: (bucket, { key, headers }) => {
    bucket.delete(key, conditionsOf(headers))
    return { status: 204 }
  },

  DeleteObjects: (bucket, { body }) => {
    for (const key of elements(body.toString(), 'Key')) bucket.delete(key, {})
    return { status: 200, body: xml({ DeleteResult: {} }) }
  },

  ListObjectsV2: (bucket, { query }) => {
    const token = query.get('continuation-token')
    const { page, last } = bucket.list({
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      after: token ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? ''),
      limit: Math.min(1000, Number(query.get('max-keys') ?? 1000)),
    })
    const result = {
      KeyCount: page.length,
      IsTruncated: last !== undefined,
      NextContinuationToken: last && Buffer.from(last).toString('base64url'),
      Contents: page.flatMap(([Key, object]) =>
        object
          ? [
              {
                Key,
                ETag: object.etag,
                Size: object.bytes.length,
                LastModified: object.modified.toISOString(),
              },
            ]
          : [],
      ),
      CommonPrefixes: page.flatMap(([Prefix, object]) => (object ? [] : [{ Prefix }])),
    }
    return { status: 200, body: xml({ ListBucketResult: result }) }
  },

  CreateMultipartUpload: (bucket, { key, headers }) => {
    const UploadId = bucket.create(key, metadataOf(headers))
    return { status: 200, body: xml({ InitiateMultipartUploadResult: { Key: key, UploadId } }) }
  },

  UploadPart: (bucket, { query, headers, body }) => {
    const bytes = bodyOf(headers, body)
    const etag = bucket.putPart(query.get('uploadId') ?? '', Number(query.get('partNumber')), bytes)
    return { status: 200, headers: { ETag: etag } }
  },

  CompleteMultipartUpload: (bucket, { query, body }) => {
    const etags = elements(body.toString(), 'ETag')
    const numbers = elements(body.toString(), 'PartNumber').map(Number)
    const parts = numbers.map((number, at) => ({ number, etag: etags[at] ?? '' }))
    const { key, etag } = bucket.complete(query.get('uploadId') ?? '', parts)
    return { status: 200, body: xml({ CompleteMultipartUploadResult: { Key: key, ETag: etag } }) }
  },

  AbortMultipartUpload: (bucket, { query }) => {
    bucket.abort(query.get('uploadId') ?? '')
    return { status: 204 }
  },

  /** Has pages of two, to test paging. */
  ListMultipartUploads: (bucket, { query }) => {
    const all = [...bucket.multiparts]
      .map(([id, { key, initiated }]) => ({ Key: key, UploadId: id, Initiated: initiated.toISOString() }))
      .filter(({ Key }) => Key.startsWith(query.get('prefix') ?? ''))
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
    const after = placeOf({
      Key: query.get('key-marker') ?? '',
      UploadId: query.get('upload-id-marker') ?? '',
    })
    const rest = all.filter((upload) => placeOf(upload) > after)
    const page = rest.slice(0, 2)
    const result = {
      IsTruncated: rest.length > page.length,
      NextKeyMarker: page.at(-1)?.Key,
      NextUploadIdMarker: page.at(-1)?.UploadId,
      Upload: page,
    }
    return { status: 200, body: xml({ ListMultipartUploadsResult: result }) }
  },
}

function placeOf({ Key, UploadId }: { Key: string; UploadId: string }): string {
  return `${Key}\0${UploadId}`
}

function conditional(object: S3Object, { headers }: FakeRequest): S3Object {
  const { ifMatch } = conditionsOf(headers)
  if (ifMatch !== undefined && ifMatch !== object.etag) throw new FakeS3Error(412, 'PreconditionFailed')
  return object
}

function rangeOf(object: S3Object, { headers }: FakeRequest): FakeAnswer {
  const size = object.bytes.length
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
  if (!match) return { status: 200, headers: headersOf(object), body: object.bytes }
  const [start, end] = [Number(match[1]), Math.min(Number(match[2]), size - 1)]
  if (start >= size) throw new FakeS3Error(416, 'InvalidRange')
  return {
    status: 206,
    headers: { ...headersOf(object), 'Content-Range': `bytes ${start}-${end}/${size}` },
    body: object.bytes.subarray(start, end + 1),
  }
}

function headersOf({ etag, modified, metadata }: S3Object): Record<string, string> {
  const own = Object.entries(metadata).map(([name, value]) => [META + name, value])
  return { ETag: etag, 'Last-Modified': modified.toUTCString(), ...Object.fromEntries(own) }
}

const META = 'x-amz-meta-'

function metadataOf(headers: FakeRequest['headers']): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(META))
  return Object.fromEntries(own.map(([name, value = '']) => [name.slice(META.length), value]))
}

function conditionsOf(headers: FakeRequest['headers']): Conditions {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] }
}

/** Decodes aws-chunked bodies, in which each chunk is preceded by its size in hex and extensions. */
function bodyOf(headers: FakeRequest['headers'], body: Buffer): Buffer {
  if (!headers['content-encoding']?.includes('aws-chunked')) return body
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, line), 16)
    if (!size) return Buffer.concat(chunks)
    chunks.push(body.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
