/** Joint resolutions as short texts. */
import { resolveJointly } from '../../src/domain/glasskube/resolution/joint.ts'
import type { Resolution, Selection } from '../../src/domain/glasskube/resolution/problem.ts'
import { packages, type Repository, universe } from './package-universe.ts'

/** Packages in the notation of `packages`. */
export type Cluster = { install?: string[]; installed?: string[]; asDependency?: string[] }

export function resolve(
  repositories: Repository | Repository[],
  { install = [], installed = [], asDependency = [] }: Cluster,
) {
  return resolveJointly({
    universe: universe(...[repositories].flat()),
    install: packages(...install).map((one) => ({ ...one, version: one.version || undefined })),
    installed: [
      ...packages(...installed),
      ...packages(...asDependency).map((one) => ({ ...one, asDependency: true })),
    ],
  })
}

/** The outcome, in the notation of the question. */
export function outcome({ status, install, requirements, changes, pruned }: Resolution) {
  return {
    status,
    install: install.map(text),
    requirements: requirements.map((one) => text(one) + (one.transitive ? ' (transitive)' : '')),
    changes: changes.map((one) => `${text({ ...one, version: one.from })} → ${one.to}`),
    pruned: pruned.map(text),
  }
}

function text({ name, version, namespace, instance }: Selection): string {
  return `${namespace ? `${namespace}/${instance} ` : ''}${name} ${version}`
}
