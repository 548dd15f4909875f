/** https://distribution.github.io/distribution/spec/api/#catalog: of docker's registry, and no part of OCI's specification. */
import { OciError } from '../errors.ts'
import { isRepositoryName } from '../reference.ts'
import { readJson } from './answer.ts'
import type { HttpClient } from './http-client.ts'
import { pages } from './pages.ts'
import { shown } from './transport.ts'

const SCOPE = 'registry:catalog:*'
/** Pages as large as most registries give. */
const PAGE = 1000

/** The names of all repositories of a registry. Throws `unsupported` where it does not tell them, or not to us. */
export async function listCatalog(http: HttpClient): Promise<string[]> {
  try {
    const names: string[] = []
    const first = await http.send(`/v2/_catalog?n=${PAGE}`, [200], { scopes: [SCOPE] })
    for await (const answer of pages(http, first, SCOPE)) {
      const { repositories } = ((await readJson(answer)) ?? {}) as { repositories?: unknown }
      if (repositories !== null && !Array.isArray(repositories)) {
        throw new OciError('unsupported', `${shown(answer.url)} is no list of repositories`)
      }
      for (const name of repositories ?? []) {
        if (typeof name === 'string' && isRepositoryName(name)) names.push(name)
      }
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
