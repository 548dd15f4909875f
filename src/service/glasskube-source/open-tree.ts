import { AppError } from '../../core/errors.ts'
import { sourceUrlProblem } from '../../domain/repository-source.ts'
import { Connections, type Proxies } from '../../oci/remote/connections.ts'
import { folderTree } from './folder-tree.ts'
import type { ForeignTree } from './foreign-tree.ts'
import { PARSERS_IN_THIS_THREAD } from './tree-parsers.ts'
import { webTree } from './web-tree.ts'

/** Opens the tree in a folder, or at a URL, for someone at the command line: it may be at any address. Throws `invalid`. */
export async function openTree(
  location: string,
  { userAgent, proxies }: { userAgent: string; proxies: Proxies | undefined },
): Promise<ForeignTree> {
  if (!/^[a-z]+:\/\//i.test(location)) return folderTree(location)
  const problem = sourceUrlProblem(location, 'glasskube')
  if (problem) throw new AppError('invalid', `${location} ${problem}`)
  return webTree(new URL(location), {
    userAgent,
    connections: new Connections({ proxies }),
    parsers: PARSERS_IN_THIS_THREAD,
  })
}
