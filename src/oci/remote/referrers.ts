/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
import type { Descriptor } from '../descriptor.ts'
import { OciError } from '../errors.ts'
import { type Index, isIndex, type Manifest, parseManifest, referrerType } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { discard, mediaTypeOf, readMetadata } from './answer.ts'
import { errorBody } from './error-answer.ts'
import { addToFallback, listFallback } from './fallback-index.ts'
import { pages } from './pages.ts'
import type { RepositoryClient } from './repository-client.ts'
import { type Answer, shown } from './transport.ts'

/** A registry without the API may be upgraded, in milliseconds. */
const BELIEVED_ABSENT = 10 * 60 * 1000

/** By the API, or else by the list that clients keep. Manifests in that list may be gone. */
export async function* listReferrers(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): AsyncGenerator<Descriptor> {
  for await (const referrer of allReferrers(client, digest, artifactType)) {
    // A registry may ignore the filter, and a list has none.
    if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer
  }
}

async function* allReferrers(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): AsyncGenerator<Descriptor> {
  const first = isBelievedAbsent(client) ? 'no api' : await ask(client, digest, artifactType)
  if (first === 'no repository') return
  if (first === 'no api') {
    yield* await listFallback(client, digest)
    return
  }
  for await (const answer of pages(client.http, first, client.scope('pull'))) {
    const bytes = await readMetadata(answer)
    if (isEmptyInGo(bytes)) continue
    const page = parseManifest(bytes)
    if (!isIndex(page)) throw new OciError('invalid_manifest', `${shown(answer.url)} is no list of referrers`)
    yield* page.manifests
  }
}

/** A list without entries that a program in Go has never filled is null in its JSON: olareg answers so. */
function isEmptyInGo(bytes: Uint8Array): boolean {
  return /"manifests"\s*:\s*null/.test(Buffer.from(bytes.subarray(0, 1024)).toString())
}

/**
 * Sees to it that a manifest which was pushed is found by its subject. `acknowledged` says that the registry answered
 * with OCI-Subject: some do and have no API, so it is asked for, too.
 */
export async function recordReferrer(
  client: RepositoryClient,
  descriptor: Descriptor,
  manifest: Manifest | Index,
  acknowledged: boolean,
): Promise<void> {
  const { subject, annotations } = manifest
  if (!subject) return
  if (acknowledged && (await hasReferrersApi(client, subject.digest, { again: true }))) return
  const { mediaType, digest, size } = descriptor
  const artifactType = referrerType(manifest)
  await addToFallback(client, subject.digest, {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  })
}

/** `again` has a registry asked once more that had no API before. */
export async function hasReferrersApi(
  client: RepositoryClient,
  digest: string,
  { again = false } = {},
): Promise<boolean> {
  if (client.known.referrersApi?.there) return true
  if (!again && isBelievedAbsent(client)) return false
  const answer = await ask(client, digest)
  if (typeof answer !== 'string') await discard(answer)
  return typeof answer !== 'string'
}

function isBelievedAbsent({ known, settings }: RepositoryClient): boolean {
  const { there, until } = known.referrersApi ?? { there: true, until: 0 }
  return !there && until > settings.clock.now()
}

async function ask(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): Promise<Answer | 'no api' | 'no repository'> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const answer = await client.send(`referrers/${digest}${query}`, [200, 404, 400, 405, 406, 501], {
    headers: { Accept: MEDIA_TYPE.index },
    actions: ['pull'],
  })
  if (answer.status === 200 && mediaTypeOf(answer) === MEDIA_TYPE.index) {
    client.known.referrersApi = { there: true, until: Number.POSITIVE_INFINITY }
    return answer
  }
  const { code } = await errorBody(answer)
  const known = client.known.referrersApi?.there
  if (answer.status === 404 && (known || code === 'NAME_UNKNOWN')) return 'no repository'
  client.known.referrersApi = { there: false, until: client.settings.clock.now() + BELIEVED_ABSENT }
  return 'no api'
}
