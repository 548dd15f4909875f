/** https://distribution.github.io/distribution/spec/api/#catalog: of docker's registry, and no part of OCI's specification. */
import { OciError } from '../errors.ts'
import { readJson } from './answer.ts'
import type { HttpClient } from './http-client.ts'
import { pages } from './pages.ts'
import { shown } from './transport.ts'

const SCOPE = 'registry:catalog:*'

/** The names of all repositories of a registry. Throws `unsupported` where it does not tell them, or not to us. */
export async function listCatalog(http: HttpClient): Promise<string[]> {
  const send = (url: string | URL): ReturnType<HttpClient['send']> =>
    http.send(url, [200], { scopes: [SCOPE] })
  try {
    const names: string[] = []
    for await (const answer of pages({ http, send }, await send('/v2/_catalog?n=1000'))) {
      const { repositories } = ((await readJson(answer)) ?? {}) as { repositories?: unknown }
      if (repositories !== null && !Array.isArray(repositories)) {
        throw new OciError('unsupported', `${shown(answer.url)} is no list of repositories`)
      }
      for (const name of repositories ?? []) if (typeof name === 'string') names.push(name)
    }
    return names
  } catch (error) {
    if (!(error instanceof OciError) || error.code === 'unavailable') throw error
    throw new OciError(
      'unsupported',
      `${http.registry.host} does not tell its repositories: ${error.message}`,
      error,
    )
  }
}
