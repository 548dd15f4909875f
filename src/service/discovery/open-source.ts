import { parsersInWorkers } from '../glasskube-source/tree-parsers.ts'
import type { Sync } from './package-scan.ts'
import type { PackageSource } from './package-source.ts'
import { registrySource } from './registry-source.ts'
import { type OpenSource, requireSource } from './source-registry.ts'
import { treeSource } from './tree-source.ts'

/** Opens the source of a repository for one sync. Throws `forbidden` where the server may not connect to it. */
export function openSource(open: OpenSource, sync: Omit<Sync, 'source'>): PackageSource {
  const { ctx, repository, signal, limited } = sync
  const { limits } = ctx
  const source = requireSource(repository)
  return source.format === 'glasskube'
    ? treeSource(open.tree(source.url, parsersInWorkers(ctx, repository.name)), { source, limits, limited })
    : registrySource(open.registry(source.url), { source, limits, signal })
}
