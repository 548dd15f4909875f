import { serve } from '@hono/node-server'
import { onTestFinished } from 'vitest'
import { MemoryRegistry } from '../../src/oci/memory.ts'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { EmbeddedRegistry } from '../../src/registry/embedded-registry.ts'
import { createRegistryApp } from '../../src/registry/http/registry-app.ts'
import { FsStore } from '../../src/registry/store/fs-store.ts'
import { MemoryStore } from '../../src/registry/store/memory-store.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { ociRepositorySuite } from './oci-repository-suite.ts'

async function onFiles(): Promise<EmbeddedRegistry> {
  const store = await FsStore.open(await temporaryFolder())
  onTestFinished(() => store.close())
  return new EmbeddedRegistry(store)
}

/** The client over HTTP, against the embedded registry. */
async function overHttp(): Promise<RemoteRegistry> {
  const app = createRegistryApp(await onFiles())
  const url = await new Promise<URL>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      resolve(new URL(`http://127.0.0.1:${port}`))
    })
    onTestFinished(() => void server.close())
  })
  return new RemoteRegistry(url)
}

ociRepositorySuite('in memory', async () => new MemoryRegistry())
ociRepositorySuite('embedded, in memory', async () => new EmbeddedRegistry(new MemoryStore()))
ociRepositorySuite('embedded, on files', onFiles)
ociRepositorySuite('over HTTP', overHttp)
