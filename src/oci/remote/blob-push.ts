/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
import { type Content, readAll, verified } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { isNotFound, OciError } from '../errors.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR } from '../manifest.ts'
import { type Action, repositoryScope } from './auth/scopes.ts'
import { ChunkedUpload } from './chunked-upload.ts'
import type { RepositoryClient } from './repository-client.ts'
import { checkDigestHeader, discard } from './response.ts'
import { retrying } from './retry.ts'
import { RewindableStream } from './rewindable-stream.ts'
import { TransientError } from './transient-error.ts'
import type { HttpResponse } from './transport.ts'
import { withDigest } from './upload-url.ts'

/** Statuses of registries that refuse monolithic uploads, altogether or of this size. */
const MONOLITHIC_REFUSED: readonly number[] = [405, 411, 413, 501]

/** Throws what `verified` throws, and stores nothing in that case. */
export async function pushBlob(
  client: RepositoryClient,
  expected: Descriptor,
  content: Content,
): Promise<void> {
  const {
    retry,
    clock,
    upload: { chunk },
  } = client.settings
  const bytes =
    content instanceof Uint8Array ? await readAll(verified(content, expected), expected.size) : undefined
  const source = new RewindableStream(bytes ?? verified(content, expected), bytes?.byteLength ?? chunk)
  try {
    await retrying(
      async (attempt) => {
        if (attempt > 1 && (await hasBlob(client, expected.digest, 'pull', 'push'))) return
        try {
          await upload(client, expected, source, bytes)
        } catch (error) {
          throw source.canRewind || !(error instanceof TransientError)
            ? error
            : new OciError('unavailable', error.message, error)
        }
      },
      retry,
      clock,
    )
  } finally {
    source.close()
  }
}

/** Pushes the blob that manifests without a config or layers of their own refer to. */
export async function pushEmptyBlob(client: RepositoryClient): Promise<void> {
  if (await hasBlob(client, EMPTY_DESCRIPTOR.digest, 'pull', 'push')) return
  await pushBlob(client, EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
}

export async function hasBlob(
  client: RepositoryClient,
  digest: string,
  ...actions: Action[]
): Promise<boolean> {
  const response = await client.send(`blobs/${digest}`, [200, 404], {
    method: 'HEAD',
    actions,
    redirects: true,
  })
  await discard(response)
  if (response.status === 200) checkDigestHeader(response, digest)
  return response.status === 200
}

/**
 * Returns false if the registry does not mount the blob.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
 */
export async function mountBlob(client: RepositoryClient, digest: string, from: string): Promise<boolean> {
  const source = client.fullName(from)
  const response = await client.send(
    `blobs/uploads/?${new URLSearchParams({ mount: digest, from: source })}`,
    [201, 202],
    {
      method: 'POST',
      actions: ['pull', 'push'],
      more: [repositoryScope(source, 'pull')],
    },
  )
  await discard(response)
  if (response.status === 201) return true
  // The registry has started an upload instead.
  await cancel(client, client.http.follow(response))
  return false
}

async function upload(
  client: RepositoryClient,
  expected: Descriptor,
  source: RewindableStream,
  bytes: Uint8Array | undefined,
): Promise<void> {
  if (expected.size <= client.features.maxMonolithic) {
    const refusal = await uploadMonolithic(client, expected, bytes ?? source)
    if (refusal === undefined) return
    client.features.maxMonolithic =
      refusal === 413 ? Math.min(client.features.maxMonolithic, expected.size - 1) : -1
    if (!source.canRewind) {
      throw new OciError(
        'unavailable',
        `${expected.digest}: the registry requires a chunked upload; push again`,
      )
    }
  }
  await transientIfLost(async () => {
    const chunked = new ChunkedUpload(client, await start(client), expected)
    await chunked.send(source.rewind())
  })
}

/** Returns the status with which the registry refuses the blob in one piece, or undefined once it is uploaded. */
async function uploadMonolithic(
  client: RepositoryClient,
  expected: Descriptor,
  content: Uint8Array | RewindableStream,
): Promise<number | undefined> {
  const started = await start(client)
  const url = client.http.follow(started)
  return transientIfLost(async () => {
    const response = await client.send(
      withDigest(url, expected.digest),
      [201, 200, 204, ...MONOLITHIC_REFUSED],
      {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: {
          content: content instanceof RewindableStream ? content.rewind() : content,
          size: expected.size,
        },
        actions: ['pull', 'push'],
        once: true,
      },
    )
    await discard(response)
    if (response.status < 300) {
      checkDigestHeader(response, expected.digest)
      return undefined
    }
    await cancel(client, url)
    return response.status
  })
}

async function start(client: RepositoryClient): Promise<HttpResponse> {
  const response = await client.send('blobs/uploads/', [202], {
    method: 'POST',
    actions: ['pull', 'push'],
    once: true,
  })
  await discard(response)
  return response
}

/** Makes a retry start a new upload if the registry has lost this one. */
async function transientIfLost<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isNotFound(error) ? new TransientError((error as Error).message, { cause: error }) : error
  }
}

/** Best effort: registries expire abandoned uploads. */
async function cancel(client: RepositoryClient, upload: URL): Promise<void> {
  await client
    .send(upload, [204, 202, 200], { method: 'DELETE', actions: ['pull', 'push'], once: true })
    .then(discard)
    .catch(() => undefined)
}
