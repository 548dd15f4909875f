import { z } from '@hono/zod-openapi'
import { MERGE_STRATEGIES } from '../../../domain/merge/strategy.ts'
import type { UpgradeRequest } from '../../../service/drafts/upgrade.ts'
import { packagePath, repositoryName, version } from './common.ts'
import { conflictSchema } from './conflict.ts'
import { fileDiffSchema } from './diff.ts'
import { toUpstreamReference, upstreamReferenceSchema } from './upstream-reference.ts'

/** Options of an upgrade, except for the revision that it starts from. */
export const upgradeOptions = {
  /** Defaults to the latest revision of the upstream. */
  to: upstreamReferenceSchema.optional(),
  strategy: z.enum(MERGE_STRATEGIES).optional().openapi({
    description:
      'How to merge. `resource-merge` (default): field by field; different changes of both sides are conflicts. `fast-forward`: only if no file was changed locally, otherwise 409. `force-delete-replace`: the files of the upstream; local changes are discarded. `copy-merge`: the files of the upstream overwrite local ones; files that are only local are kept. The Kptfile is merged in any case.',
    example: 'resource-merge',
  }),
  conflicts: z.enum(['local', 'upstream']).optional().openapi({
    description: 'The side whose value is in the draft until a conflict is resolved. Defaults to `local`.',
    example: 'local',
  }),
}

export const upgradePreviewRequestSchema = z.strictObject(upgradeOptions).openapi('UpgradePreviewRequest')

export const upgradePreviewSchema = z
  .strictObject({
    from: z.string().openapi({
      description: 'Name of the revision that would be upgraded.',
      example: 'edge.upf-1.ws1',
    }),
    upstream: z
      .strictObject({
        name: z.string().openapi({
          description: 'Name of the revision.',
          example: 'blueprints.nf.upf.ws2',
        }),
        repository: repositoryName,
        package: packagePath,
        revision: z.int().openapi({ description: 'Number of the revision.', example: 2 }),
        version: version.nullable(),
        digest: z.string().openapi({
          description: 'Digest of the artifact.',
          example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        }),
      })
      .openapi({ description: 'The upstream revision that would be merged.' }),
    conflicts: z.array(conflictSchema).openapi({ description: 'Conflicts that the draft would have.' }),
    files: z
      .array(fileDiffSchema)
      .openapi({ description: 'Changes that the upgrade would make to the files.' }),
  })
  .openapi('UpgradePreview')

export function toUpgradeRequest(
  { to, ...options }: z.output<typeof upgradePreviewRequestSchema>,
  from?: string,
): UpgradeRequest {
  return { ...options, from, to: to === undefined ? undefined : toUpstreamReference(to) }
}
