/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
import { type Content, readAll, verified } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { isNotFound, OciError } from '../errors.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR } from '../manifest.ts'
import { checkStated, discard } from './answer.ts'
import { type Action, repositoryScope } from './auth/scopes.ts'
import { ChunkedUpload } from './chunked-upload.ts'
import type { RepositoryClient } from './repository-client.ts'
import { retrying } from './retry.ts'
import { Rewindable } from './rewindable.ts'
import { TransientError } from './transient-error.ts'
import type { Answer } from './transport.ts'
import { withDigest } from './upload-url.ts'

/** The answers of registries that want no blob in one piece, at all or of that size. */
const NOT_IN_ONE_PIECE: readonly number[] = [405, 411, 413, 501]

/** Throws what `verified` throws; nothing of the content is stored then. */
export async function pushBlob(
  client: RepositoryClient,
  expected: Descriptor,
  content: Content,
): Promise<void> {
  const { retry, clock, upload } = client.settings
  const bytes =
    content instanceof Uint8Array ? await readAll(verified(content, expected), expected.size) : undefined
  const source = new Rewindable(bytes ?? verified(content, expected), bytes?.byteLength ?? upload.chunk)
  try {
    await retrying(
      async (attempt) => {
        if (attempt > 1 && (await hasBlob(client, expected.digest, 'pull', 'push'))) return
        try {
          await push(client, expected, source, bytes)
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

/** What artifacts without a config or content of their own point to. */
export async function pushEmptyBlob(client: RepositoryClient): Promise<void> {
  if (await hasBlob(client, EMPTY_DESCRIPTOR.digest, 'pull', 'push')) return
  await pushBlob(client, EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
}

export async function hasBlob(
  client: RepositoryClient,
  digest: string,
  ...actions: Action[]
): Promise<boolean> {
  const answer = await client.send(`blobs/${digest}`, [200, 404], {
    method: 'HEAD',
    actions,
    redirects: true,
  })
  await discard(answer)
  if (answer.status === 200) checkStated(answer, digest)
  return answer.status === 200
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository */
export async function mountBlob(client: RepositoryClient, digest: string, from: string): Promise<boolean> {
  const source = client.fullName(from)
  const answer = await client.send(
    `blobs/uploads/?${new URLSearchParams({ mount: digest, from: source })}`,
    [201, 202],
    {
      method: 'POST',
      actions: ['pull', 'push'],
      more: [repositoryScope(source, 'pull')],
    },
  )
  await discard(answer)
  if (answer.status === 201) return true
  // The registry has begun an upload instead.
  await cancel(client, client.http.follow(answer, answer.headers.get('Location')))
  return false
}

async function push(
  client: RepositoryClient,
  expected: Descriptor,
  source: Rewindable,
  bytes: Uint8Array | undefined,
): Promise<void> {
  if (expected.size <= client.known.maxMonolithic) {
    const refusal = await inOnePiece(client, expected, bytes ?? source)
    if (refusal === undefined) return
    client.known.maxMonolithic =
      refusal === 413 ? Math.min(client.known.maxMonolithic, expected.size - 1) : -1
    if (!source.canRewind) {
      throw new OciError('unavailable', `${expected.digest} has to be sent in chunks; push it again`)
    }
  }
  await losable(async () => {
    const upload = new ChunkedUpload(client, await start(client), expected)
    await upload.send(source.stream())
  })
}

/** The status of a registry that does not want it in one piece. */
async function inOnePiece(
  client: RepositoryClient,
  expected: Descriptor,
  content: Uint8Array | Rewindable,
): Promise<number | undefined> {
  const started = await start(client)
  const url = client.http.follow(started, started.headers.get('Location'))
  return losable(async () => {
    const answer = await client.send(withDigest(url, expected.digest), [201, 200, 204, ...NOT_IN_ONE_PIECE], {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: { content: content instanceof Rewindable ? content.stream() : content, size: expected.size },
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(answer)
    if (answer.status < 300) {
      checkStated(answer, expected.digest)
      return undefined
    }
    await cancel(client, url)
    return answer.status
  })
}

async function start(client: RepositoryClient): Promise<Answer> {
  const answer = await client.send('blobs/uploads/', [202], {
    method: 'POST',
    actions: ['pull', 'push'],
    once: true,
  })
  await discard(answer)
  return answer
}

/** An upload that the registry has lost can be started anew. */
async function losable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isNotFound(error) ? new TransientError((error as Error).message, { cause: error }) : error
  }
}

/** Nobody depends on it: uploads that are left alone end by themselves. */
async function cancel(client: RepositoryClient, upload: URL): Promise<void> {
  await client
    .send(upload, [204, 202, 200], { method: 'DELETE', actions: ['pull', 'push'], once: true })
    .then(discard)
    .catch(() => undefined)
}
