/** https://distribution.github.io/distribution/spec/api/#catalog, which is not part of the OCI specification. */
import { OciError } from '../errors.ts'
import { isRepositoryName } from '../reference.ts'
import type { HttpClient } from './http-client.ts'
import { paginate } from './pagination.ts'
import { readJson } from './response.ts'
import { redacted } from './transport.ts'

const SCOPE = 'registry:catalog:*'
/** The largest page that most registries return. */
const PAGE_SIZE = 1000

/** Lists all repositories of a registry. Throws `unsupported` if it has no catalog or denies access to it. */
export async function listCatalog(http: HttpClient): Promise<string[]> {
  try {
    const names: string[] = []
    const first = await http.send(`/v2/_catalog?n=${PAGE_SIZE}`, [200], { scopes: [SCOPE] })
    for await (const response of paginate(http, first, SCOPE)) {
      const { repositories } = await readJson(response)
      if (repositories !== null && !Array.isArray(repositories)) {
        throw new OciError('unsupported', `${redacted(response.url)} did not return a list of repositories`)
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
      `${http.registry.host} does not list its repositories: ${error.message}`,
      error,
    )
  }
}
