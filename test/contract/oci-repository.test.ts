import type { MiddlewareHandler } from 'hono'
import { onTestFinished } from 'vitest'
import { MemoryRegistry } from '../../src/oci/memory.ts'
import { staticCredentials } from '../../src/oci/remote/auth/credentials.ts'
import type { RemoteOptions } from '../../src/oci/remote/options.ts'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { EmbeddedRegistry } from '../../src/registry/embedded-registry.ts'
import { FsStore } from '../../src/registry/store/fs-store.ts'
import { MemoryStore } from '../../src/registry/store/memory-store.ts'
import {
  registryBehind,
  withBasic,
  withoutDeletion,
  withoutReferrersApi,
  withoutTagDeletion,
} from '../support/registries.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { tokenService } from '../support/token-service.ts'
import { ociRepositorySuite } from './oci-repository-suite.ts'

async function onFiles(): Promise<EmbeddedRegistry> {
  const store = await FsStore.open(await temporaryFolder())
  onTestFinished(() => store.close())
  return new EmbeddedRegistry(store)
}

/** Opens the client over HTTP on the embedded registry, with features disabled by middlewares. */
function over(...middlewares: MiddlewareHandler[]): () => Promise<RemoteRegistry> {
  return async () => new RemoteRegistry(await registryBehind(middlewares))
}

const alice = { username: 'alice', password: 'secret: of alice' }

async function withTokens(options: RemoteOptions = {}): Promise<RemoteRegistry> {
  const { protect } = await tokenService({ users: { alice: alice.password } })
  const credentials = staticCredentials(alice)
  return new RemoteRegistry(await registryBehind([protect]), { credentials, ...options })
}

ociRepositorySuite('in memory', async () => new MemoryRegistry())
ociRepositorySuite('embedded, in memory', async () => new EmbeddedRegistry(new MemoryStore()))
ociRepositorySuite('embedded, on files', onFiles)
ociRepositorySuite('over HTTP', async () => new RemoteRegistry(await registryBehind([], await onFiles())))
ociRepositorySuite(
  'over HTTP, below a path',
  async () => new RemoteRegistry(new URL('/team/x', await registryBehind([]))),
)
ociRepositorySuite('over HTTP, with a password', async () => {
  const url = await registryBehind([withBasic(alice.username, alice.password)])
  return new RemoteRegistry(url, { credentials: staticCredentials(alice) })
})
ociRepositorySuite('over HTTP, with tokens', withTokens)
ociRepositorySuite('over HTTP, in chunks', () =>
  withTokens({ upload: { maxMonolithic: -1, chunk: 500_000 } }),
)
ociRepositorySuite('over HTTP, without a referrers API', over(withoutReferrersApi()))
ociRepositorySuite('over HTTP, without deletion of tags', over(withoutTagDeletion()))
ociRepositorySuite(
  'over HTTP, without deletion of tags, answered with 404',
  over(withoutTagDeletion(404), withoutReferrersApi({ claims: true })),
)
ociRepositorySuite('over HTTP, without any deletion', over(withoutDeletion, withoutReferrersApi()), {
  deletes: false,
})
