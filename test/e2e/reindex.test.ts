import { folderApp, memoryApp, type TestApp } from '../support/app.ts'
import { registryBehind, withoutDeletion, withoutTagDeletion } from '../support/registries.ts'
import { reindexSuite } from './reindex-suite.ts'

function onRegistryBehind(...middlewares: Parameters<typeof registryBehind>[0]): () => Promise<TestApp> {
  return async () => {
    const url = await registryBehind(middlewares)
    return folderApp(undefined, { HOME: '/nonexistent', PKGSERVER_REGISTRY: new URL('/team', url).href })
  }
}

reindexSuite('files', folderApp)
reindexSuite('memory', memoryApp)
reindexSuite('a registry elsewhere', onRegistryBehind())
reindexSuite('a registry that deletes no tags', onRegistryBehind(withoutTagDeletion()))
reindexSuite('a registry that deletes nothing', onRegistryBehind(withoutDeletion))
