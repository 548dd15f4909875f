/** The files that Glasskube's clients and Renovate read of a repository, as they would read them from a static server. */
import { type Context, Hono } from 'hono'
import { patternOf } from '../../domain/access/pattern.ts'
import { callerOf } from '../../http/access.ts'
import { takeMemory } from '../../http/answer-memory.ts'
import { etag, parseEtags } from '../../http/etag.ts'
import { type Load, loadShedding } from '../../http/load-shedding.ts'
import { type Operation, register } from '../../http/operation.ts'
import type { PlaceOf } from '../../http/scope.ts'
import type { ServedFile } from '../../service/glasskube/served-file.ts'
import type { ServedTree } from '../../service/glasskube/served-tree.ts'
import type { Unpacking } from '../../service/glasskube/version-files.ts'
import { packageInPath } from '../rest/targets.ts'
import { contentTypeOf } from './content-type.ts'
import { TREE_PATH } from './paths.ts'

const partOfRepository: PlaceOf = (c) => ({
  partOf: patternOf({ repository: c.req.param('repository') ?? '' }),
})

const INDEX_PATH = `${TREE_PATH}/:repository/index.yaml`

const INDEX: Operation = {
  id: 'getGlasskubeIndex',
  needs: { read: partOfRepository },
  load: 'list',
  writesDisk: false,
}
const VERSIONS: Operation = {
  id: 'getGlasskubeVersions',
  needs: { read: packageInPath },
  load: 'none',
  writesDisk: false,
}
const FILE: Operation = { ...VERSIONS, id: 'getGlasskubeFile', load: 'read' }

/** Lists change at any time. */
const REVALIDATED = 'no-cache'
/** A version never changes, but may be deleted: caches may notice as late as Glasskube's client, which asks every 5 minutes. */
const FOR_MINUTES = 'max-age=300'

export function treeRoutes(tree: ServedTree, load: Load): Hono {
  const app = new Hono()

  app.use(INDEX_PATH, loadShedding(load))
  register(app, 'GET', INDEX_PATH, INDEX, async (c) =>
    respond(c, 'index.yaml', await tree.index(callerOf(c), c.req.param('repository')), REVALIDATED),
  )

  register(app, 'GET', `${TREE_PATH}/:repository/:package/versions.yaml`, VERSIONS, async (c) =>
    respond(c, 'versions.yaml', await tree.versions(c.req.param()), REVALIDATED),
  )

  register(app, 'GET', `${TREE_PATH}/:repository/:package/:version/:path`, FILE, async (c) => {
    const { path, ...version } = c.req.param()
    // Most files are in memory, and wait for nothing.
    const unpacking: Unpacking = { take: takeMemory(c), inTurn: (work) => load.gates.read.pass(work) }
    const file = await tree.file(version, path, unpacking)
    return respond(c, path, file, FOR_MINUTES)
  })

  return app
}

async function respond(
  c: Context,
  path: string,
  { size, digest, read }: ServedFile,
  freshness: string,
): Promise<Response> {
  const headers = { ETag: etag(digest), 'Cache-Control': `${audience(c)}, ${freshness}` }
  const known = parseEtags(c.req.header('If-None-Match') ?? '', 'weak')
  if (known === 'any' || known?.includes(digest)) return c.body(null, 304, headers)
  const about = { ...headers, 'Content-Type': contentTypeOf(path), 'Content-Length': String(size) }
  if (c.req.method === 'HEAD') return c.body(null, 200, about)
  const bytes = await read()
  c.get('answerMemory')?.keepOnly(size)
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, about)
}

/** Caches that several clients share may keep what callers without an account may read. */
function audience(c: Context): 'public' | 'private' {
  const { policy, actor } = callerOf(c)
  return policy.open || actor.kind === 'anonymous' ? 'public' : 'private'
}
