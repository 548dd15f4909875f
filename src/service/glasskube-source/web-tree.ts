import { AppError } from '../../core/errors.ts'
import { MAX_INDEX_BYTES } from '../../domain/glasskube/index-files.ts'
import { MANIFEST_PATH } from '../../domain/glasskube/inspect-manifest.ts'
import { MAX_MANIFEST_BYTES } from '../../domain/glasskube/package-manifest.ts'
import { NO_FILES } from '../../domain/package-files.ts'
import type { ResourceLimits } from '../../domain/resources.ts'
import { isNotFound, OciError } from '../../oci/errors.ts'
import type { Connections } from '../../oci/remote/connections.ts'
import { HttpClient } from '../../oci/remote/http-client.ts'
import { type RemoteOptions, settingsOf } from '../../oci/remote/options.ts'
import { discard, mediaTypeOf, readMetadata } from '../../oci/remote/response.ts'
import { redacted } from '../../oci/remote/transport.ts'
import { type ForeignTree, referenceNotes, type TreeFiles, TreeUnavailableError } from './foreign-tree.ts'
import type { TreeParsers } from './tree-parsers.ts'

/** The types that Glasskube's client takes. */
const MEDIA_TYPES: readonly (string | undefined)[] = [
  'application/json',
  'application/yaml',
  'application/octet-stream',
  'text/yaml',
  'text/plain',
  'text/x-yaml',
  'application/x-yaml',
  undefined,
]

/** Milliseconds; the files are small. */
const TIMEOUTS = { response: 20_000, idle: 20_000, document: 30_000 }
/** For all files of a version, beside the last of them. */
const VERSION_TIMEOUT = 2 * 60 * 1000
const RETRY = { attempts: 3, maxDelay: 5000 }

export type WebTreeOptions = Pick<RemoteOptions, 'credentials' | 'userAgent' | 'timeouts' | 'retry'> & {
  connections: Connections
  parsers: TreeParsers
}

/** A tree on a web server, as Glasskube's client reads it: which files a version has is known from its package.yaml alone. */
export function webTree(url: URL, { parsers, ...options }: WebTreeOptions): ForeignTree {
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const settings = settingsOf({
    ...options,
    timeouts: { ...TIMEOUTS, ...options.timeouts },
    retry: { ...RETRY, ...options.retry },
  })
  const site = new Site(base, new HttpClient(base, settings))
  return {
    packages: async () => ({
      packages: await parsers.repositoryIndex(await site.index('index.yaml')),
      notes: [],
    }),
    versions: async (name) => {
      const index = await site.index(`${name}/versions.yaml`)
      const { latestVersion, versions } = await parsers.packageIndex(index)
      return { latestVersion, folders: versions, notes: [] }
    },
    files: (name, version, limits) => versionFiles(site, parsers, `${name}/${version}`, limits),
  }
}

async function versionFiles(
  site: Site,
  { filesOfManifest }: TreeParsers,
  folder: string,
  limits: ResourceLimits,
): Promise<TreeFiles | undefined> {
  const manifest = await site.find(
    `${folder}/${MANIFEST_PATH}`,
    Math.min(limits.maxBytes, MAX_MANIFEST_BYTES),
  )
  if (!manifest) return undefined
  const resources = new Map([[MANIFEST_PATH, manifest]])
  let left = limits.maxBytes - manifest.byteLength
  const deadline = Date.now() + VERSION_TIMEOUT
  const found = await filesOfManifest({ content: manifest })
  for (const path of found.paths) {
    if (resources.has(path)) continue
    if (Date.now() > deadline)
      throw new TreeUnavailableError(`the files of ${folder} take too long to arrive`)
    const content = await site.find(`${folder}/${path}`, left)
    if (!content) continue
    resources.set(path, content)
    left -= content.byteLength
  }
  return { ...NO_FILES, resources, notes: referenceNotes(folder, found, resources) }
}

class Site {
  readonly #base: URL
  readonly #http: HttpClient

  constructor(base: URL, http: HttpClient) {
    this.#base = base
    this.#http = http
  }

  /** Throws `not_found`. */
  async index(path: string): Promise<{ content: Uint8Array; path: string }> {
    const content = await this.find(path, MAX_INDEX_BYTES)
    if (content) return { content, path }
    throw new AppError('not_found', `there is no file ${this.#urlOf(path).href}`)
  }

  /** Resolves to undefined for a file that does not exist. */
  async find(path: string, limit: number): Promise<Uint8Array | undefined> {
    const url = this.#urlOf(path)
    try {
      const headers = { Accept: 'application/yaml, */*;q=0.5', 'Accept-Encoding': 'identity' }
      const response = await this.#http.send(url, [200], { headers, scopes: [], redirects: true })
      const type = mediaTypeOf(response)?.toLowerCase()
      const encoding = response.headers.get('Content-Encoding')?.toLowerCase() ?? 'identity'
      const fits = MEDIA_TYPES.includes(type) && encoding === 'identity'
      if (fits) return await readMetadata(response, limit)
      await discard(response)
      const found = encoding === 'identity' ? `type ${type}` : `encoding ${encoding}, unasked`
      throw new AppError('invalid', `${redacted(url)} has the ${found}, so it is no file of a repository`)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error instanceof OciError ? failure(error, url, limit) : error
    }
  }

  /** As in Glasskube's client, "+" stands for itself. */
  #urlOf(path: string): URL {
    const segments = path.split('/').map((segment) => encodeURIComponent(segment).replaceAll('%2B', '+'))
    return new URL(segments.join('/'), this.#base)
  }
}

/** A server that refuses now may answer later; too much content, or a redirect that leads nowhere, stays so. */
function failure(cause: OciError, url: URL, limit: number): AppError {
  if (cause.code === 'size_exceeded') {
    return new AppError('too_large', `${redacted(url)} has more than ${limit} bytes`, { cause })
  }
  if (cause.code === 'unsupported') return new AppError('invalid', cause.message, { cause })
  return new TreeUnavailableError(cause.message, { cause })
}
