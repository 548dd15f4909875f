/** https://distribution.github.io/distribution/spec/api/#catalog, which is not part of the OCI specification. */
import { OciError } from '../errors.ts'
import { isRepositoryName } from '../reference.ts'
import type { HttpClient } from './http-client.ts'
import { paginate } from './pagination.ts'
import { parseObject } from './response.ts'
import { redacted } from './transport.ts'

const SCOPE = 'registry:catalog:*'
/** The largest page that most registries return. */
const PAGE_SIZE = 1000

/** Lists the repositories of a registry whose names begin with a prefix. Throws `unsupported` if it has no catalog or denies access to it. */
export async function listCatalog(http: HttpClient, prefix: string): Promise<string[]> {
  try {
    const names: string[] = []
    const first = await http.send(`/v2/_catalog?n=${PAGE_SIZE}`, [200], { scopes: [SCOPE] })
    for await (const page of paginate(http, first, SCOPE)) {
      const { repositories } = parseObject(page, page.bytes)
      if (repositories !== null && !Array.isArray(repositories)) {
        throw new OciError('unsupported', `${redacted(page.url)} did not return a list of repositories`)
      }
      for (const name of repositories ?? []) {
        if (typeof name === 'string' && name.startsWith(prefix) && isRepositoryName(name)) names.push(name)
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
