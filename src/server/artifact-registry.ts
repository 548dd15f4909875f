/** Opens the registry that the settings name: the embedded one, on files or in S3, or an external one. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import {
  conflictsTag,
  deletionProposedTag,
  draftTag,
  fixedTags,
  LATEST_TAG,
  PACKAGE_RECORD_TAG,
} from '../domain/tags.ts'
import { OciError } from '../oci/errors.ts'
import { rangeOf } from '../oci/remote/addresses.ts'
import { staticCredentials } from '../oci/remote/auth/credentials.ts'
import { dockerConfigCredentials } from '../oci/remote/auth/docker-config.ts'
import { Connections, type Guard } from '../oci/remote/connections.ts'
import { RemoteRegistry } from '../oci/remote/remote-registry.ts'
import type { Registry } from '../oci/roles.ts'
import { EmbeddedRegistry } from '../registry/embedded-registry.ts'
import type { BlobStore } from '../registry/store/blob-store.ts'
import { FsStore } from '../registry/store/fs-store.ts'
import { proxiesOf } from './proxies.ts'

export type OpenedRegistry = {
  registry: Registry
  /** The same one, if it is the embedded registry. */
  embedded: EmbeddedRegistry | undefined
  /** Host and prefix with which references begin; undefined for the server's own address. */
  address: string | undefined
  close: () => Promise<void>
}

/** Type of the artifact to which a removed tag points in a registry that cannot delete tags. */
const REMOVED_TYPE = 'application/vnd.pkgserver.removed.v1+json'
/** Repository in which the start-up check tries out the registry. */
const PROBE = 'pkgserver-probe'
/** Tags of each kind that has to be moved, or removed, which takes a move in some registries. */
const PROBED_TAGS = [
  LATEST_TAG,
  draftTag('probe'),
  conflictsTag('probe'),
  PACKAGE_RECORD_TAG,
  deletionProposedTag(1),
  ...fixedTags(1, null),
]

/** Opens the registry, and logs its shortcomings. */
export async function openRegistry(config: Config, version: string, log: Logger): Promise<OpenedRegistry> {
  return config.registry.kind === 'remote'
    ? openRemote(config, config.registry.url, version, log)
    : openEmbedded(config, log)
}

async function openEmbedded(config: Config, log: Logger): Promise<OpenedRegistry> {
  const store = await openStore(config, log)
  const embedded = new EmbeddedRegistry(store, { grace: config.gcGrace })
  return { registry: embedded, embedded, address: undefined, close: () => store.close() }
}

async function openStore(
  { data, blobs, ...config }: Config,
  log: Logger,
): Promise<BlobStore & { close: () => Promise<void> }> {
  if (blobs.kind === 'fs') return FsStore.open(join(data, 'registry'))
  // Slow to load, and most servers do not need it.
  const { S3Store } = await import('../registry/store/s3/s3-store.ts')
  const { capabilityWarnings } = await import('../registry/store/s3/capabilities.ts')
  const store = await S3Store.open({
    bucket: blobs.bucket,
    prefix: blobs.prefix,
    endpoint: config.s3Endpoint,
    pathStyle: config.s3PathStyle,
    region: config.s3Region,
    redirects: config.s3Redirects,
    redirectEndpoint: config.s3RedirectEndpoint,
    spool: join(data, 'spool'),
    proxies: proxiesOf(config),
  })
  try {
    for (const sentence of capabilityWarnings(await store.probe())) log.warn(sentence)
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

async function openRemote(config: Config, url: URL, version: string, log: Logger): Promise<OpenedRegistry> {
  const { registryUsername: username, registryPassword: password, registryConfig } = config
  const credentials =
    username !== undefined && password !== undefined
      ? staticCredentials({ username, password })
      : registryConfig && dockerConfigCredentials(registryConfig)
  const registry = await inWords(async () => {
    return new RemoteRegistry(url, {
      userAgent: `pkgserver/${version}`,
      placeholderType: REMOVED_TYPE,
      connections: new Connections({ guard: guardOf(url), proxies: proxiesOf(config) }),
      ...(credentials ? { credentials } : {}),
    })
  })
  const address = `${url.host}${url.pathname}`.replace(/\/$/, '')
  for (const sentence of await inWords(() => shortcomingsOfRemote(registry, address))) log.warn(sentence)
  log.info(
    `Artifacts are stored in ${address}. Let only pkgserver push there, as it cannot keep other clients from moving its tags. If that registry removes untagged manifests (zot does after an hour), start pkgserver again before that after a crash, or an interrupted change is lost.`,
  )
  return { registry, embedded: undefined, address, close: async () => undefined }
}

/**
 * The operator has chosen the registry. Its token service may be in a private network as well, but what it names leads
 * neither to this machine nor to where clouds serve credentials.
 */
function guardOf(registry: URL): Guard {
  return (address, url) => {
    const range = rangeOf(address)
    if (url.hostname === registry.hostname || range === 'public' || range === 'private') return undefined
    return `the registry ${registry.host} leads to ${url.host}, which is ${address}: no other server is reached there`
  }
}

/** Returns a sentence for each thing that the registry cannot do, with the consequence. */
async function shortcomingsOfRemote(registry: RemoteRegistry, address: string): Promise<string[]> {
  const capabilities = await registry.capabilities(PROBE, PROBED_TAGS)
  const { referrersApi, tagDeletion, manifestDeletion } = capabilities
  const [fixed] = capabilities.fixedTags
  if (fixed) {
    const tags = capabilities.fixedTags.map(({ tag }) => tag).join(', ')
    throw new AppError(
      'unavailable',
      `${address} cannot be used, because it does not let these tags move: ${tags}. pkgserver moves them with each change, and removes those of deleted revisions. Turn immutable tags off for the repositories below ${address} (in Amazon ECR, tag mutability MUTABLE; in Harbor, no tag immutability rule that matches them), or use another registry. It said: ${fixed.reason}`,
    )
  }
  const sentences: string[] = []
  if (!manifestDeletion) {
    sentences.push(
      `${address} does not delete manifests: the content of deleted revisions stays there, reachable by its digest. Their tags, and those of published drafts, stay in tag lists and lead to an empty artifact that cannot be deployed. In docker-registry, REGISTRY_STORAGE_DELETE_ENABLED=true turns deletion on.`,
    )
  } else if (!tagDeletion) {
    sentences.push(
      `${address} does not delete tags: to remove a tag, pkgserver moves it to an empty artifact and deletes that.`,
    )
  }
  if (!referrersApi) {
    sentences.push(
      `${address} has no referrers API: pkgserver lists referrers under tags like sha256-… instead.`,
    )
  }
  return sentences
}

/** Turns failures of the registry into errors that are shown without a stack. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OciError)) throw error
    const code = error.code === 'invalid_reference' ? 'invalid' : 'unavailable'
    throw new AppError(code, `the registry cannot be used: ${error.message}`, { cause: error })
  }
}
