/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
import type { Descriptor } from '../descriptor.ts'
import { OciError } from '../errors.ts'
import { type Index, isIndex, type Manifest, parseManifest, referrerType } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { errorBody } from './error-response.ts'
import { addToFallback, listFallback } from './fallback-index.ts'
import { paginate } from './pagination.ts'
import type { RepositoryClient } from './repository-client.ts'
import { discard, mediaTypeOf } from './response.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** Milliseconds after which a registry without the API is asked again, as it may have been upgraded. */
const RECHECK_AFTER = 10 * 60 * 1000

/** Uses the referrers API, or else the list that clients keep, whose entries may no longer exist. */
export async function* listReferrers(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): AsyncGenerator<Descriptor> {
  for await (const referrer of allReferrers(client, digest, artifactType)) {
    // A registry may ignore the filter, and the list of the clients has none.
    if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer
  }
}

async function* allReferrers(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): AsyncGenerator<Descriptor> {
  const first = isApiMissing(client) ? 'no api' : await getReferrers(client, digest, artifactType)
  if (first === 'no repository') return
  if (first === 'no api') {
    yield* await listFallback(client, digest)
    return
  }
  for await (const { url, bytes } of paginate(client.http, first, client.scope('pull'))) {
    if (isNullList(bytes)) continue
    const page = parseManifest(bytes)
    if (!isIndex(page)) {
      throw new OciError('invalid_manifest', `${redacted(url)} did not return a list of referrers`)
    }
    yield* page.manifests
  }
}

/** Go encodes a nil slice as null, as olareg does for a list without entries. */
function isNullList(bytes: Uint8Array): boolean {
  return /"manifests"\s*:\s*null/.test(Buffer.from(bytes.subarray(0, 1024)).toString())
}

/**
 * Adds a pushed manifest to the list of its subject's referrers unless the registry keeps it. `acknowledged` means that
 * the registry set OCI-Subject, which some do without having the API, so the API is checked as well.
 */
export async function recordReferrer(
  client: RepositoryClient,
  descriptor: Descriptor,
  manifest: Manifest | Index,
  acknowledged: boolean,
): Promise<void> {
  const { subject, annotations } = manifest
  if (!subject) return
  if (acknowledged && (await hasReferrersApi(client, subject.digest, { recheck: true }))) return
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

/** `recheck` asks again a registry that had no API before. */
export async function hasReferrersApi(
  client: RepositoryClient,
  digest: string,
  { recheck = false } = {},
): Promise<boolean> {
  if (client.features.referrersApi?.supported) return true
  if (!recheck && isApiMissing(client)) return false
  const response = await getReferrers(client, digest)
  if (typeof response !== 'string') await discard(response)
  return typeof response !== 'string'
}

function isApiMissing({ features, settings }: RepositoryClient): boolean {
  const { supported, until } = features.referrersApi ?? { supported: true, until: 0 }
  return !supported && until > settings.clock.now()
}

async function getReferrers(
  client: RepositoryClient,
  digest: string,
  artifactType?: string,
): Promise<HttpResponse | 'no api' | 'no repository'> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const response = await client.send(`referrers/${digest}${query}`, [200, 404, 400, 405, 406, 501], {
    headers: { Accept: MEDIA_TYPE.index },
    actions: ['pull'],
  })
  if (response.status === 200 && mediaTypeOf(response) === MEDIA_TYPE.index) {
    client.features.referrersApi = { supported: true, until: Number.POSITIVE_INFINITY }
    return response
  }
  const { code } = await errorBody(response)
  const supported = client.features.referrersApi?.supported
  if (response.status === 404 && (supported || code === 'NAME_UNKNOWN')) return 'no repository'
  client.features.referrersApi = { supported: false, until: client.settings.clock.now() + RECHECK_AFTER }
  return 'no api'
}
