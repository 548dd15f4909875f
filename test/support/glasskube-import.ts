/** Imports of trees into the app of a test. */
import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { importTree } from '../../src/cli/glasskube/import-tree.ts'
import { Progress } from '../../src/cli/glasskube/progress.ts'
import { RestApi } from '../../src/cli/glasskube/rest-api.ts'
import { folderTree } from '../../src/service/glasskube-source/folder-tree.ts'
import type { ForeignTree } from '../../src/service/glasskube-source/foreign-tree.ts'
import type { Client } from './client.ts'
import { type TreeFile, writeTree } from './glasskube-tree.ts'
import { temporaryFolder } from './temporary.ts'

/** The REST API as a client of a test calls it. */
export function apiOf(client: Client): RestApi {
  return new RestApi(new URL('http://localhost:8080'), undefined, async (request) => {
    const { pathname, search } = new URL(request.url)
    const { method, headers } = request
    const body = await request.text()
    const sent = Object.fromEntries(headers)
    return client.send(pathname + search, { method, headers: sent, ...(body !== '' && { body }) })
  })
}

/** Imports a tree, some functions of which may be changed. Returns the lines of the report, and the counts at its end. */
export async function imported(
  client: Client,
  folder: string,
  {
    repository = 'apps',
    asPublished = true,
    changed = {},
  }: { repository?: string; asPublished?: boolean; changed?: Partial<ForeignTree> } = {},
): Promise<{ complete: boolean; lines: string[]; counts: string }> {
  const report = await importTree({
    api: apiOf(client),
    tree: { ...(await folderTree(folder)), ...changed },
    progress: new Progress(new PassThrough() as unknown as WriteStream),
    location: 'a test',
    repository,
    asPublished,
  })
  const lines = report.inWords().trimEnd().split('\n')
  const summary = lines.pop() ?? ''
  return { complete: report.complete, lines, counts: summary.replace(/^.* s: /, '') }
}

export async function treeFolder(...files: Record<string, TreeFile>[]): Promise<string> {
  const folder = await temporaryFolder()
  for (const each of files) await writeTree(folder, each)
  return folder
}
